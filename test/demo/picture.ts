/** Takes a picture of the Slack page with the newest thread open, by headless Chromium (Debian package chromium). */
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { chromium } from 'playwright-core';

const executablePath = '/usr/bin/chromium';
/** Nothing is looked up or reported elsewhere by a browser that only shows a page of this machine. */
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const viewport = { width: 1560, height: 1180 };

/** @param file where the PNG goes */
export async function takePicture(pageUrl: string, file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const browser = await chromium.launch({ executablePath, args: flags });
  try {
    const page = await browser.newPage({ viewport });
    await page.goto(pageUrl);
    await page.getByRole('combobox').selectOption({ label: 'Bob' });
    await page.getByText('inc-demo').first().click();
    const threads = page.getByText(/^\d+ repl(y|ies)$/);
    await threads.last().click();
    await page.getByRole('button', { name: 'Approve' }).last().scrollIntoViewIfNeeded();
    await page.evaluate('document.fonts.ready');
    await page.screenshot({ path: file });
  } finally {
    await browser.close();
  }
}
