// The mail with the code: one text and one HTML body, without links and without anything that loads from elsewhere.

import type { MailTexts } from './locales/texts.ts'
import { type Locale, MAIL_TEXTS } from './locales.ts'

/** What the mail says. */
export type MailContent = {
  readonly code: string
  readonly appName: string
  readonly reference: string
  /** How long the code is valid from the moment of sending. */
  readonly ttlSeconds: number
  readonly locale: Locale
}

export type ComposedMail = { readonly subject: string; readonly text: string; readonly html: string }

/**
 * Writes the mail. The code is the first line of the text part and the first word of the preview that mail clients show,
 * so that they and phones still offer it; it is never in the subject. Every value that goes into the HTML is escaped; a value with a line
 * break cannot add a header.
 */
export function composeMail({ code, appName, reference, ttlSeconds, locale }: MailContent): ComposedMail {
  const texts: MailTexts = MAIL_TEXTS[locale]
  // Rounded down so that the mail never promises too much.
  const duration = texts.minutes(Math.floor(ttlSeconds / 60))
  const lines = (name: string, mark: string) => ({
    introduction: texts.introduction(name),
    validity: texts.validity(duration),
    reference: texts.reference(mark),
    keepSecret: texts.keepSecret(name),
  })
  const plain = lines(appName, reference)
  // bdi keeps a name in another script from turning the words around it.
  const safe = lines(`<bdi>${escapeHtml(appName)}</bdi>`, `<bdi>${escapeHtml(reference)}</bdi>`)

  return {
    subject: texts.subject(appName, reference).replace(/[\p{Cc}\u2028\u2029]+/gu, ' '),
    text: [
      code,
      plain.introduction,
      `${plain.validity}\n${plain.reference}`,
      `${plain.keepSecret}\n${texts.notYou}`,
    ]
      .join('\n\n')
      .concat('\n'),
    html: `<!DOCTYPE html>
<html lang="${locale}" dir="${texts.direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(appName)}</title>
<style>
@media (prefers-color-scheme: dark) {
  .page { background: #15181c !important; }
  .card { background: #1f2429 !important; }
  .strong { color: #f4f6f8 !important; }
  .quiet { color: #a9b2bc !important; }
  .code { background: #2b3138 !important; color: #ffffff !important; }
}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f3f5f7">
<div class="preview" style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;font-size:1px;line-height:1px;color:#f3f5f7">${escapeHtml(code)} ${safe.introduction}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" style="background:#f3f5f7">
<tr><td align="center" style="padding:32px 16px">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" dir="${texts.direction}" style="max-width:480px;background:#ffffff;border-radius:12px;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif">
<tr><td class="strong" style="padding:32px 32px 0;font-size:16px;line-height:24px;color:#1b1f24">${safe.introduction}</td></tr>
<tr><td style="padding:20px 32px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>
<td class="code" align="center" dir="ltr" style="padding:16px;background:#f3f5f7;border-radius:8px;font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:32px;line-height:40px;letter-spacing:4px;color:#1b1f24">${escapeHtml(code)}</td>
</tr></table>
</td></tr>
<tr><td class="strong" style="padding:0 32px;font-size:16px;line-height:24px;color:#1b1f24">${safe.validity}</td></tr>
<tr><td class="quiet" style="padding:12px 32px 0;font-size:14px;line-height:20px;color:#57606a">${safe.reference}</td></tr>
<tr><td class="quiet" style="padding:12px 32px 32px;font-size:14px;line-height:20px;color:#57606a">${safe.keepSecret}<br>${texts.notYou}</td></tr>
</table>
</td></tr>
</table>
</body>
</html>
`,
  }
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
