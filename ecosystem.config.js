// What PM2 keeps running: the office, and each watcher and channel that is set up, as a process of
// its own.
//
//   pm2 start ecosystem.config.js
//
// Which are set up say `factotum watchers list` and `factotum channels list` (FACTOTUM_WATCHERS and
// FACTOTUM_CHANNELS in .env may name some of them), so after a change of settings start this file
// once more. It opens no port and writes nothing. See docs/running.md.
'use strict'

const { spawnSync } = require('node:child_process')
const { existsSync } = require('node:fs')
const path = require('node:path')

const HOME = __dirname
const PYTHON = path.join(HOME, '.venv', 'bin', 'python')
const FACTOTUM = path.join(HOME, '.venv', 'bin', 'factotum')

// A stop lets what is under way come to its end: the office takes up to 5 s for that, and a
// machine that is busy a little more. In milliseconds.
const KILL_TIMEOUT_MS = 10_000
// The first wait before a restart, in milliseconds; each further one is half as long again, up to
// 15 s. Nobody is given up: a vault on a disk that is mounted late is there in the end, and a
// setting that is wrong is read again once it is mended.
const BACK_OFF_MS = 200
// The lists end so where one of them hears nothing.
const FOUND_PROBLEMS = 3

// Those of a kind ('watchers', 'channels') that are set up and wanted.
function listed (kind) {
  if (!existsSync(PYTHON) || !existsSync(FACTOTUM)) {
    throw new Error(`${HOME} has no .venv with Factotum in it. Make it first: scripts/install`)
  }
  const asked = spawnSync(PYTHON, [FACTOTUM, kind, 'list', '--json'], {
    cwd: HOME, encoding: 'utf8', timeout: 60_000
  })
  if (asked.error) throw new Error(`factotum ${kind} list: ${asked.error.message}`)
  if (![0, FOUND_PROBLEMS].includes(asked.status)) {
    throw new Error(`factotum ${kind} list: ${asked.stderr.trim() || `exit ${asked.status}`}`)
  }
  return JSON.parse(asked.stdout)[kind].filter((one) => one.set_up && one.wanted)
}

function app (name, script, args, env = {}) {
  return {
    name,
    script,
    args,
    cwd: HOME,
    interpreter: PYTHON,
    exec_mode: 'fork',
    env: { PYTHONUNBUFFERED: '1', ...env },
    autorestart: true,
    exp_backoff_restart_delay: BACK_OFF_MS,
    max_restarts: 50,
    kill_timeout: KILL_TIMEOUT_MS,
    treekill: false, // the office ends its tool servers itself, after what they have in hand
    time: true,
    merge_logs: true,
    vizion: false
  }
}

// What runs beside the office is not run within it.
const ALONE = { FACTOTUM_WATCHERS: 'none', FACTOTUM_CHANNELS: 'none' }

module.exports = {
  apps: [
    app('orchestrator', path.join(HOME, 'orchestrator.py'), [], ALONE),
    ...listed('watchers').map((one) => app(one.app, FACTOTUM, ['watchers', 'run', one.name])),
    // The first that is set up; its process tells the others what it cannot say.
    ...listed('channels').filter((one) => one.runs)
      .map((one) => app(one.app, FACTOTUM, ['channels', 'run', one.name]))
  ]
}
