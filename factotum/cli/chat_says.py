"""What a person is told who talks at a terminal, beside what every channel tells them."""

HELP = (
    "Write a message and press Enter, also while work goes on. What needs your yes is shown, and "
    "you are asked; Enter alone puts that off, and brings it back.\n"
    "/stop   halt everything at once\n"
    "/new    begin a conversation anew\n"
    "/help   what else there is\n"
    "/quit   leave (so do Ctrl-D, and Ctrl-C twice)"
)
PUT_OFF = "It waits. Enter alone brings it back{hint}"
COMMAND = "It waits: {command}"
NOTHING = (
    "Nothing was asked where you typed that, so it counted for nothing. "
    "Enter alone brings back what waits."
)
NOT_READ = (
    "That came up while you typed, so your word did not count for it. Look, and say it again."
)
NOT_ASKED = "That is no longer asked, so your word counted for nothing."
NO_CHOICE = "There is no choice {typed}: choose 1 to {most}, or write what is to be changed."
NOT_TAKEN = "⚠ It was not taken ({why}). Say it once more."
STOPPED = "⚠ The office has stopped. Start it again: factotum up. Or write on, and it runs here."
BACK = "✅ The office runs again."
RUNS_HERE = "Nobody was at work any more, so the office runs here now, till you leave."
TWICE = "Ctrl-C once more leaves. What is under way is halted by /stop."
NEXT_TIME = "What comes of it is told when you next talk here."
