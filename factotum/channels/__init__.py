"""Channels: how a person is told, asked and heard away from the vault.

A channel is a guest of the office: it knows the ledger and what is written there, writes down
what a person said, and wakes the executor. It thinks nothing and carries out nothing.

To know it all, read `contract`, then `service`, `displays`, `sender`, `talk` and `reception`.
What happened in the office stands in the ledger; `displays` looks at it and writes rows of the
outbox (`factotum/outbox.py`), one a message; `sender` brings what stands on the channel to what
the rows want. What a person taps goes to `reception`, what they write to `talk`. To add a channel
that tells: a module beside `discord` and a row in `known` and `ways`; one that hears: a folder
beside `telegram`, and `running`.

What there is
  contract       what a channel shows and hears, and how a send can fail
  known          which channels there are, and which are set up and wanted
  owners         whose words count on a channel, by the settings or by pairing
  pairing        the code that makes somebody an owner, and the strangers who are reported
  telegram       Telegram: its line, poller, updates, files and marks
  discord        a webhook of Discord; discord_words: our marks as its Markdown
  apprise_way    some hundred services by the library apprise; apprise_child: its own process
  terminal       a terminal; at_terminal: somebody who sits at one
  ways           those that only tell, as the settings name them

How it runs
  running        one channel from its lock to its end, in whatever process
  within         the same on a thread of `factotum up`
  service        a channel that hears, at work: its loops
  telling        the office where no channel hears: those that only tell, at work
  window         what all parts of one channel share: the books, and to whom they speak
  house          makes the window, of the rooms of a guest
  pulse          the beat that says how it goes, and the word that there is news
  tidying        forgets messages of long ago

What is shown
  displays       looks at what happened, and has it shown by those below
  card_messages  a request as a message: made once, changed with all that becomes of it
  cards          how a request reads; card_facts: what is known of it; choices: the buttons
                 below it; changes: what was changed
  batches        several requests of little risk in one message
  more           what else there is to see of a request
  buttons        what a button means, once, below the very words that it was drawn for
  work           how a task goes that was given here; results: what came of it; several: of
                 which, where the channel cannot show that
  left           what ended of what was given at a terminal that is closed
  news           what the office tells by itself, many in one message
  own_words      what the agent tells by itself
  absence        that nobody is at work
  anchoring      the head of the audit log
  aloud          a result, read out to whoever spoke
  doubts         what may not have arrived

How it leaves
  sender         what waits: in order, not too fast, each thing once
  handing_over   one message to a channel, and what is known of it then
  fallback       by another way what one cannot say

What a person does
  reception      a tap; imposed: one below words that are none of ours
  prompts        what they are asked to type, and what the answer means
  talk           what they write: a task, an answer, a command, a change; meant: whether plain
                 words answer what was said last
  message_tasks  a message as a task; sent_along: the files that came with it
  listening      a recording becomes words; till: the money for it
  commands       a line that begins with a slash
  ignoring       “No, and ignore them”; ignore_rule: the lines that it puts to the owner

Text
  words          a text, and the marks that stand beside it
  split          a long text in several messages
  markdown       Markdown to words; markdown_line: a paragraph; markdown_table: a table
  links          where a link may lead that others wrote
  nesting        marks in one another or apart, never across
  written        what a person wrote with marks, as Markdown
"""
