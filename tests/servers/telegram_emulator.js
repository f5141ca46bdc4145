// Mends telegram-test-api where it differs from the Bot API so far that no library can talk to it:
// getMe says that it is a bot, dates are seconds, a message has a sender and nothing that the bot
// sent as text instead of JSON, a tap has a chat, a changed message is answered and loses its
// buttons where none are given, and getUpdates waits. What it does with all that is its own.
// Usage: node telegram_emulator.js PORT, with NODE_PATH; ends when its standard input does.
'use strict';
const http = require('http');
const express = require('express');
const Emulator = require('telegram-test-api');

const port = Number(process.argv[2]);
const emulator = new Emulator({ port, host: '127.0.0.1', storeTimeout: 3600 });
const bot = { id: 666, is_bot: true, first_name: 'Bot', username: 'TestNameBot' };
const answers = [];

const asMessage = (found) => ({
  message_id: found.message_id,
  date: Math.floor(found.date / 1000),
  from: bot,
  chat: found.chat,
  text: found.text,
  reply_markup: found.reply_markup,
});

const add = emulator.addBotMessage.bind(emulator);
emulator.addBotMessage = (message, token) => asMessage(add(message, token));

const format = Emulator.formatUpdate;
Emulator.formatUpdate = (update) => {
  const told = format(update);
  if (told.callback_query) told.callback_query.chat_instance = '1';
  return told;
};

const edit = (name) => (request, response) => {
  const body = { reply_markup: { inline_keyboard: [] }, ...request.body };
  emulator[name](body);
  const same = (one) => String(one.messageId) === String(body.message_id);
  const kept = emulator.storage.botMessages.find(same);
  if (!kept) {
    const description = 'Bad Request: message to edit not found';
    response.status(400).json({ ok: false, error_code: 400, description });
    return;
  }
  const chat = { id: Number(body.chat_id), first_name: 'Bot', type: 'private' };
  const told = { ...kept.message, message_id: kept.messageId, date: kept.time, chat };
  response.json({ ok: true, result: asMessage(told) });
};

const updates = async (request, response) => {
  const until = Date.now() + 1000 * Number({ ...request.query, ...request.body }.timeout || 0);
  let found = emulator.getUpdates(request.params.token);
  while (!found.length && Date.now() < until && !request.socket.destroyed) {
    await new Promise((done) => setTimeout(done, 10));
    found = emulator.getUpdates(request.params.token);
  }
  response.json({ ok: true, result: found });
};

const app = express();
app.use(express.json(), express.urlencoded({ extended: true }));
app.all('/bot:token/getMe', (_, response) => response.json({ ok: true, result: bot }));
app.all('/bot:token/getUpdates', updates);
app.post('/bot:token/editMessageText', edit('editMessageText'));
app.post('/bot:token/editMessageReplyMarkup', edit('editMessageReplyMarkup'));
app.post('/bot:token/answerCallbackQuery', (request, response) => {
  answers.push(request.body);
  response.json({ ok: true, result: true });
});
for (const name of ['sendChatAction', 'setMyCommands', 'deleteMyCommands', 'pinChatMessage']) {
  app.post(`/bot:token/${name}`, (_, response) => response.json({ ok: true, result: true }));
}
app.get('/answers', (_, response) => response.json(answers));
app.use(emulator.webServer);

http.createServer(app).listen(port, '127.0.0.1', () => console.log('ready'));
emulator.started = true;
process.stdin.on('end', () => process.exit(0)).resume();
