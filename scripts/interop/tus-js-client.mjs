// tus-js-client uploads a file in chunks, pauses half-way by aborting, then resumes from the stored
// URL with a new Upload, as a page that was reloaded does. The server's digest must be the file's.
// usage: tus-js-client.mjs CREATION_URL CONTROL_URL   (token in TOKEN, if any)
import assert from 'node:assert'
import { createHash, randomBytes } from 'node:crypto'
import * as tus from 'tus-js-client'

const [, , endpoint, control] = process.argv
const bytes = randomBytes(6 * 1024 * 1024 + 123)
const headers = process.env.TOKEN ? { Authorization: `Bearer ${process.env.TOKEN}` } : {}
const metadata = {
  data_stream_id: 'dextesting',
  data_stream_route: 'testevent1',
  sender_id: 'interop',
  data_producer_id: 'interop',
  jurisdiction: 'GA',
  received_filename: 'tus-js-client.bin',
}

// Uploads until the end, or until `pauseAt` bytes are accepted; gives the URL and that number.
function upload({ uploadUrl = null, pauseAt = Infinity }) {
  return new Promise((resolve, reject) => {
    let accepted = 0
    const transfer = new tus.Upload(bytes, {
      endpoint,
      uploadUrl,
      headers,
      metadata,
      chunkSize: 1024 * 1024,
      retryDelays: [0, 200, 1000],
      onError: reject,
      onSuccess: () => resolve({ url: transfer.url, accepted: bytes.length }),
      onChunkComplete: (_, total) => {
        if (accepted < pauseAt && total >= pauseAt) {
          transfer.abort().then(() => resolve({ url: transfer.url, accepted: total }), reject)
        }
        accepted = total
      },
    })
    transfer.start()
  })
}

const paused = await upload({ pauseAt: bytes.length / 2 })
assert(paused.accepted < bytes.length, 'the upload was to be paused half-way')
await upload({ uploadUrl: paused.url })

const id = paused.url.split('/').pop()
const seen = await (await fetch(`${control}/_mock/uploads/${id}`, { headers })).json()
assert.equal(seen.sha256, createHash('sha256').update(bytes).digest('hex'))
console.log(`tus-js-client: paused at ${paused.accepted}, resumed, ${bytes.length} bytes verified`)
