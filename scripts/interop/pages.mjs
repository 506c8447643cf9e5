// Opens reports in a browser, in light and in dark and on a narrow screen. axe must find nothing; a
// page must ask the network for nothing, print nothing on the console, be no wider than the screen,
// and be usable by keyboard. Prints a line for each page; exit status 1 when any page is not so.
// usage: pages.mjs [--pictures DIR] FILE...   (pictures: DIR/NAME-light.png and -dark.png, of the
// first screens of each; NAME is the folder of FILE, or its own name if that is no report.html)
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const files = process.argv.slice(2)
let pictures = ''
if (files[0] === '--pictures') {
  pictures = files[1]
  files.splice(0, 2)
}
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const args = ['--no-sandbox', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync']
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args })

const nameOf = (file) =>
  basename(file) === 'report.html' ? basename(dirname(resolve(file))) : basename(file, '.html')

async function findings(file) {
  const found = []
  const url = pathToFileURL(resolve(file)).href
  const open = async (colorScheme, width) => {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
    const page = await context.newPage()
    const where = `${colorScheme}, ${width} px wide`
    page.on('request', (request) => {
      if (request.url() !== url) found.push(`${where}: it asks for ${request.url().slice(0, 200)}`)
    })
    page.on('console', (message) => found.push(`${where}: on the console: ${message.text().slice(0, 300)}`))
    page.on('pageerror', (error) => found.push(`${where}: ${error.message}`))
    await page.goto(url)
    return { context, page, where }
  }
  for (const theme of ['light', 'dark']) {
    const { context, page, where } = await open(theme, 1200)
    if (pictures) {
      const path = join(pictures, `${nameOf(file)}-${theme}.png`)
      await page.screenshot({ path, clip: { x: 0, y: 0, width: 1200, height: 1500 }, fullPage: true })
    }
    // Unfold everything, so that axe sees it too.
    await page.evaluate(() => document.querySelectorAll('details').forEach((one) => (one.open = true)))
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations'] }))
    for (const { id, help, nodes } of violations) {
      found.push(`${where}: axe: ${id} (${help}), ${nodes.length} times, as ${nodes[0].html.slice(0, 160)}`)
    }
    await context.close()
  }
  const { context, page, where } = await open('light', 360)
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  if (wider > 0) found.push(`${where}: it is ${wider} px wider than the screen`)
  await page.keyboard.press('Tab')
  const first = await page.evaluate(() => document.activeElement?.getAttribute('href'))
  if (first !== '#main') found.push(`${where}: the first key leads to ${first}, not to the verdict`)
  await context.close()
  return found
}

let bad = 0
for (const file of files) {
  const found = await findings(file)
  const size = Math.ceil(readFileSync(file).length / 1024)
  if (found.length > 0) bad += 1
  console.log(found.length > 0 ? `NOT OK ${file}` : `good   ${file}: ${size} KiB, both themes, nothing found`)
  for (const one of found) console.log(`       ${one}`)
}
await browser.close()
process.exit(bad > 0 || files.length === 0 ? 1 : 0)
