// How tus-js-client in Node, or a browser, meets each TLS fault of the mock. Prints one line for
// each: the name that asks for the fault, a tab, and the code of the error; 'taken' when there is
// no error, 'waits' when neither comes within three seconds (30 if the name does not begin with
// 'stall-').
// usage: tls-faults.mjs tus|browser PORT CA_FILE NAME...   (the mock, at NAME.localhost:PORT)
import { readFileSync } from 'node:fs'
import { Agent } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'

const [, , client, port, caFile, ...names] = process.argv
// Without a stall, a busy machine may still need long.
const patience = (name) => (name.startsWith('stall-') ? 3000 : 30000)

// Names below localhost are loopback (RFC 6761 section 6.3), which not every resolver knows.
const lookup = (host, options, done) =>
  options.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)

async function tusOutcomes() {
  const tus = await import('tus-js-client')
  const agent = new Agent({ ca: readFileSync(caFile), lookup })
  const upload = (name) =>
    new Promise((resolve) => {
      const one = new tus.Upload(Buffer.from('abc'), {
        endpoint: `https://${name}.localhost:${port}/files`,
        retryDelays: null,
        httpStack: new tus.DefaultHttpStack({ agent }),
        onSuccess: () => resolve('taken'),
        onError: (error) => resolve(error.causingError?.code ?? error.message),
      })
      one.start()
      setTimeout(() => resolve('waits'), patience(name))
    })
  return Promise.all(names.map(upload))
}

async function browserOutcomes() {
  const { chromium } = await import('playwright-core')
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
  const context = await browser.newContext()
  const visit = async (name) => {
    const page = await context.newPage()
    try {
      await page.goto(`https://${name}.localhost:${port}/`, { timeout: patience(name) })
      return 'taken'
    } catch (error) {
      return error.name === 'TimeoutError' ? 'waits' : (error.message.match(/net::(\w+)/)?.[1] ?? error.message)
    } finally {
      await page.close()
    }
  }
  const outcomes = await Promise.all(names.map(visit))
  await browser.close()
  return outcomes
}

const outcomes = await (client === 'browser' ? browserOutcomes() : tusOutcomes())
names.forEach((name, i) => console.log(`${name}\t${outcomes[i]}`))
await pause(0)
process.exit(0) // connections that still wait would keep Node running
