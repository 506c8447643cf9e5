// An application that uploads one file with tus-js-client, used as its documentation shows. It
// pauses half-way and resumes from the URL storage with a new Upload, as a page that was reloaded
// does. When the client gives up, or waits for ever, the application resumes the same way.
// With --careful the client is used as docs/guides/clients.md advises. With --deferred the upload
// has no length: the client speaks the IETF draft beside tus, as on CDC's upload page, and only the
// draft's Upload-Complete ends the upload.
// Prints OUTCOME: details, where OUTCOME is what the application met (see clients.tsv).
// usage: tus-js-client.mjs BASE_URL FOLDER [--careful | --deferred]
//        (credentials as name:password in CREDENTIALS, if any; with DOWNLOAD set, a download is
//        compared with the file, for servers other than the mock)
import assert from 'node:assert'
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import * as tus from 'tus-js-client'

const [, , base, folder, option] = process.argv
const careful = option === '--careful'
const deferred = option === '--deferred'
const bytes = randomBytes(12 * 1024 * 1024 + 123)
const patience = 5000 // ms without progress after which the application stops waiting
const attempts = 20 // how often the application starts the client before it gives up itself
const uploads = 4 // how many uploads of one file it takes before it sees no sense in another
const metadata = {
  data_stream_id: 'dextesting',
  data_stream_route: 'testevent1',
  sender_id: 'interop',
  data_producer_id: 'interop',
  jurisdiction: 'GA',
  received_filename: 'tus-js-client.bin',
}
const urlStorage = new tus.FileUrlStorage(`${folder}/urls.json`)

// For requests of the application itself, which are not judged here: asks until it gets an answer.
async function ask(path, options) {
  for (let left = 20; ; left--) {
    try {
      const response = await fetch(base + path, options)
      if (response.ok || left === 0) return response
    } catch (error) {
      if (left === 0) throw error
    }
    await pause(100)
  }
}

async function authorization() {
  if (!process.env.CREDENTIALS) return {}
  const [username, password] = process.env.CREDENTIALS.split(':')
  const body = new URLSearchParams({ username, password })
  const token = await (await ask('/oauth', { method: 'POST', body })).json()
  return { Authorization: `Bearer ${token.access_token}` }
}

// Options of --careful: it retries after more kinds of errors, gets a new token for each request,
// and sends PATCH as POST, because some firewalls refuse PATCH.
const retried = [401, 409, 423, 429]
const care = {
  retryDelays: [0, 200, ...Array(24).fill(500)],
  overridePatchMethod: true,
  onShouldRetry: (error) => {
    const status = error.originalResponse?.getStatus() ?? 0
    return status < 400 || status >= 500 || retried.includes(status)
  },
  onBeforeRequest: async (request) => {
    for (const [name, value] of Object.entries(await authorization())) request.setHeader(name, value)
  },
}

// Options of --deferred. The client adds the length to the last PATCH. CDC's load tool, which ends
// its uploads in the same way, leaves that field empty, and so do we.
const lengthless = {
  uploadLengthDeferred: true,
  protocol: 'ietf-draft-03', // interop version 5 of the draft
  onBeforeRequest: (request) => {
    request.setHeader('Tus-Resumable', '1.0.0')
    if (request.getMethod() === 'PATCH') {
      request.setHeader('Content-Type', 'application/offset+octet-stream')
    }
    if (request.getHeader('Upload-Complete') === '?1') request.setHeader('Upload-Length', '')
  },
}

// One Upload until the end, or until `pauseAt` bytes are accepted, or until the client gives up or
// the application's patience ends. Adds the uploads that it used to `urls`.
async function attempt(pauseAt, urls) {
  const headers = await authorization()
  return new Promise((resolve) => {
    let watchdog
    const end = (how, detail, gone = false) => {
      clearTimeout(watchdog)
      if (transfer.url) urls.add(transfer.url)
      resolve({ how, detail, gone, url: transfer.url })
    }
    const stop = (how, detail) => transfer.abort().finally(() => end(how, detail))
    const alive = () => {
      clearTimeout(watchdog)
      watchdog = setTimeout(stop, patience, 'hung', 'no progress')
    }
    const transfer = new tus.Upload(bytes, {
      endpoint: `${base}/files`,
      headers,
      metadata,
      urlStorage,
      chunkSize: 1200 * 1024,
      retryDelays: [0, 200, 500, 1000], // as many as by default, and shorter
      removeFingerprintOnSuccess: true,
      ...(careful ? care : {}),
      ...(deferred ? lengthless : {}),
      onError: (error) => {
        const status = error.originalResponse?.getStatus()
        end('gave up', error.message, [404, 410].includes(status))
      },
      onSuccess: () => end('done'),
      onProgress: alive,
      onAfterResponse: alive,
      onUploadUrlAvailable: () => {
        urls.add(transfer.url)
        stay()
        if (urls.size >= uploads) stop('gave up', 'one upload after another')
      },
      onChunkComplete: (_, accepted) => {
        if (accepted >= pauseAt && accepted < bytes.length) stop('paused', accepted)
      },
    })
    // Without an endpoint the client cannot begin another upload when it cannot resume this one.
    const stay = () => {
      if (careful) transfer.options.endpoint = null
    }
    alive()
    transfer.findPreviousUploads().then((previous) => {
      if (previous.length > 0) {
        transfer.resumeFromPreviousUpload(previous[0])
        stay()
      }
      transfer.start()
    })
  })
}

const sha256 = (content) => createHash('sha256').update(content).digest('hex')

// The digest of a finished upload as the server has it; null while the upload is not finished.
async function digest(url) {
  if (process.env.DOWNLOAD) {
    const headers = { 'Tus-Resumable': '1.0.0' }
    const head = await ask(new URL(url).pathname, { method: 'HEAD', headers })
    if (head.headers.get('Upload-Length') !== head.headers.get('Upload-Offset')) return null
    const whole = await ask(new URL(url).pathname)
    return sha256(Buffer.from(await whole.arrayBuffer()))
  }
  const id = url.split('/').pop()
  const upload = await (await ask(`/_mock/uploads/${id}`)).json()
  return upload.complete ? upload.sha256 : null
}

const counts = { 'gave up': 0, hung: 0, paused: 0 }
const urls = new Set()
let pauseAt = bytes.length / 2
let last
for (let left = attempts; left > 0; left--) {
  last = await attempt(pauseAt, urls)
  if (last.how === 'done' || urls.size >= uploads) break
  counts[last.how]++
  if (process.env.VERBOSE) console.error(last)
  if (last.how === 'paused') pauseAt = Infinity
  if (careful && last.gone) break // a person has to find out what became of the upload
  await pause(100)
}

const met = []
if (counts['gave up']) met.push('gave-up')
if (counts.hung) met.push('hung')
if (urls.size > 1) met.push('restarted')
if (last.how !== 'done') {
  met.push('never')
} else {
  if ((await digest(last.url)) !== sha256(bytes)) met.push('lost')
  assert.equal(counts.paused, 1, 'the upload was to be paused half-way')
}
console.log(
  `${met.join('+') || 'survived'}: gave up ${counts['gave up']}, hung ${counts.hung}, uploads ${urls.size}`,
)
process.exit(0) // connections that hang are left behind
