// The page that shows the mail: every language, light and dark, phone and desktop, the text part and the notification.
import { type ComposedMail, escapeHtml, type MailParts } from '../shared/mail.ts'
import { composeMail, languagesOf, type MailModule } from '../shared/mail-module.ts'

/** The values that the mails of the page are made of. */
export type Sample = Pick<MailParts, 'code' | 'appName' | 'reference' | 'minutes' | 'brandColor'> & {
  readonly footer: (locale: string) => string | undefined
}

export type SampleMail = {
  readonly locale: string
  readonly direction: 'ltr' | 'rtl'
  readonly mail: ComposedMail
}

/** One mail in each language of the module, or in those that are named. */
export function sampleMails(module: MailModule, sample: Sample, locales?: readonly string[]): SampleMail[] {
  return Object.entries(languagesOf(module))
    .filter(([locale]) => locales === undefined || locales.includes(locale))
    .map(([locale, texts]) => {
      const parts = { ...sample, locale, texts, footer: sample.footer(locale) }
      return { locale, direction: texts.direction, mail: composeMail(module, parts, () => {}) }
    })
}

/** One HTML page that needs nothing else: no script, nothing that it loads. */
export function galleryPage(mails: readonly SampleMail[], appName: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Mail preview: ${escapeHtml(appName)}</title>
<style>
:root { color-scheme: light dark; --ink: #14171a; --quiet: #57606a; --page: #fff; --line: #d8dee4; --raised: #f3f5f7 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #f4f6f8; --quiet: #a9b2bc; --page: #0f1215; --line: #363d45; --raised: #1f2429 }
}
* { box-sizing: border-box }
body { margin: 0; padding: 32px; background: var(--page); color: var(--ink); font: 16px/24px system-ui, sans-serif }
h1 { margin: 0 0 8px; font-size: 24px; line-height: 32px }
h2 { margin: 48px 0 16px; font-size: 20px; line-height: 28px }
nav { display: flex; flex-wrap: wrap; gap: 4px 16px }
a { color: inherit }
.views { display: flex; flex-wrap: wrap; gap: 24px; align-items: flex-start }
figure { margin: 0; max-width: 100% }
figcaption { margin-bottom: 8px; color: var(--quiet); font-size: 14px; line-height: 20px }
iframe { display: block; max-width: 100%; border: 1px solid var(--line); border-radius: 12px }
.notification { width: 360px; max-width: 100%; margin-bottom: 24px; padding: 12px 16px; border-radius: 16px; background: var(--raised) }
.notification * { display: block; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; font-size: 14px; line-height: 20px }
pre { width: 390px; max-width: 100%; margin: 0; padding: 24px; border: 1px solid var(--line); border-radius: 12px; font: 14px/20px ui-monospace, monospace; white-space: pre-wrap; overflow-wrap: anywhere }
</style>
</head>
<body>
<h1>Mail preview: ${escapeHtml(appName)}</h1>
<nav>${mails.map(({ locale }) => `<a href="#${escapeHtml(locale)}">${escapeHtml(locale)}</a>`).join(' ')}</nav>
${mails.map(sectionOf).join('\n')}
</body>
</html>
`

  function sectionOf({ locale, direction, mail }: SampleMail): string {
    const title = escapeHtml(locale)
    const size = (Buffer.byteLength(mail.subject + mail.text + mail.html) / 1024).toFixed(1)
    return `<section id="${title}">
<h2>${title} <small>${size} KB</small></h2>
<div class="notification" lang="${title}" dir="${direction}"><b>${escapeHtml(appName)}</b><span>${escapeHtml(mail.subject)}</span><span>${escapeHtml(previewOf(mail.html))}</span></div>
<div class="views">
${[
  frame('Phone, light', mail, 'light', 390),
  frame('Phone, dark', mail, 'dark', 390),
  frame('Desktop, light', mail, 'light', 640),
  frame('Desktop, dark', mail, 'dark', 640),
].join('\n')}
<figure><figcaption>Text part</figcaption><pre lang="${title}" dir="${direction}">${escapeHtml(mail.text)}</pre></figure>
</div>
</section>`
  }
}

/** The scheme is set in the mail itself: the page shows both at once, whatever the computer prefers. */
function frame(caption: string, { html }: ComposedMail, scheme: 'light' | 'dark', width: number): string {
  const shown = html.replaceAll(
    /\(\s*prefers-color-scheme:\s*dark\s*\)/g,
    scheme === 'dark' ? 'all' : 'not all',
  )
  return (
    `<figure><figcaption>${caption}</figcaption>` +
    `<iframe title="${caption}" sandbox width="${width}" height="620" style="color-scheme:${scheme}" srcdoc="${escapeHtml(shown)}"></iframe></figure>`
  )
}

/** What a mail client shows beside the subject: the beginning of the text of the HTML part. */
function previewOf(html: string): string {
  const text = html
    .replace(/<head\b.*?<\/head>|<\/?(?:bdi|b|strong|span)\b[^>]*>/gis, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
  return unescapeHtml(text).trim().slice(0, 140)
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
