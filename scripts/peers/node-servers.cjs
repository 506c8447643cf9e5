// tus servers from npm, on a free port; prints 'ready URL'.
// usage: node-servers.cjs PACKAGE FOLDER   PACKAGE, from ./node_modules: @tus/server (1.x) or
//                                          tus-node-server (0.x)
const http = require('node:http')
const { createRequire } = require('node:module')

const [, , name, directory] = process.argv
const installed = createRequire(process.cwd() + '/')
let tus
if (name === 'tus-node-server') {
  const { FileStore, Server } = installed(name)
  tus = new Server({ path: '/files' })
  tus.datastore = new FileStore({ directory })
} else {
  const { Server } = installed(name)
  const { FileStore } = installed('@tus/file-store')
  tus = new Server({ path: '/files', datastore: new FileStore({ directory }) })
}
const server = http.createServer((request, response) => tus.handle(request, response))
server.listen(Number(process.env.PEER_PORT ?? 0), '127.0.0.1', () => {
  console.log(`ready http://127.0.0.1:${server.address().port}/files`)
})
process.on('SIGTERM', () => process.exit(0))
