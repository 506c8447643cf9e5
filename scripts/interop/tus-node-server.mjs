// @tus/server on a free port; prints 'ready URL'. Uploads expire after EXPIRY ms, or never.
// usage: tus-node-server.mjs FOLDER [EXPIRY]
import http from 'node:http'
import { FileStore } from '@tus/file-store'
import { Server } from '@tus/server'

const [, , directory, expiry] = process.argv
const datastore = new FileStore({ directory, expirationPeriodInMilliseconds: Number(expiry ?? 0) })
const tus = new Server({ path: '/files', datastore })
const server = http.createServer((request, response) => tus.handle(request, response))
server.listen(0, '127.0.0.1', () => {
  console.log(`ready http://127.0.0.1:${server.address().port}/files`)
})
// Node 20's fetch streams throw after a finished download ("ReadableStream is already closed"),
// when no caller can catch it any more. That bug below @tus/server would end the server that is
// judged.
process.on('uncaughtException', (error) => {
  if (error.code !== 'ERR_INVALID_STATE') throw error
})
process.on('SIGTERM', () => process.exit(0))
