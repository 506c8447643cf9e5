// A load with tus-js-client, for scripts/bench.sh: UPLOADS uploads of BYTES bytes, CONCURRENCY at a
// time, over connections that are kept open.
// usage: tus-js-load.mjs URL UPLOADS CONCURRENCY BYTES [CHUNK]
import { Agent } from 'node:http'
import * as tus from 'tus-js-client'

const [, , endpoint, uploads, concurrency, size, chunk] = process.argv
const bytes = Buffer.alloc(Number(size), 'x')
const httpStack = new tus.DefaultHttpStack({
  agent: new Agent({ keepAlive: true, maxSockets: Number(concurrency) }),
})
let left = Number(uploads)

const one = () =>
  new Promise((resolve, reject) => {
    new tus.Upload(bytes, {
      endpoint,
      httpStack,
      metadata: { received_filename: 'bench' },
      storeFingerprintForResuming: false,
      chunkSize: chunk ? Number(chunk) : Number.POSITIVE_INFINITY,
      retryDelays: null,
      onError: reject,
      onSuccess: resolve,
    }).start()
  })
const worker = async () => {
  while (left-- > 0) await one()
}
await Promise.all(Array.from({ length: Number(concurrency) }, worker))
process.exit(0)
