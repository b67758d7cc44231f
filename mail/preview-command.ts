// The command mail-preview: one page with the mail in every language; or real mails to oneself.
import { writeFile } from 'node:fs/promises'
import { runCommand } from '../command/command.ts'
import { COMMAND, packageFile } from '../command/name.ts'
import { COMMON_OPTIONS, type CommandDescription } from '../command/options.ts'
import { CommandError, type Terminal } from '../command/terminal.ts'
import { deadlineAt } from '../shared/deadline.ts'
import { MailError } from '../shared/errors.ts'
import { chooseLocale } from '../shared/locales.ts'
import { languagesOf } from '../shared/mail-module.ts'
import { isMailbox } from '../shared/mailbox.ts'
import { readCreateSettings } from '../shared/settings.ts'
import { galleryPage, sampleMails } from './gallery.ts'
import { ownModule } from './own-module.ts'

const OPTIONS = {
  mail: { type: 'string', value: 'FILE' },
  out: { type: 'string', value: 'FILE' },
  locales: { type: 'string', value: 'TAG,TAG' },
  'from-address': { type: 'string', value: 'ADDRESS' },
  'app-name': { type: 'string', value: 'NAME' },
  'brand-color': { type: 'string', value: 'COLOR' },
  footer: { type: 'string', value: 'TEXT' },
  'send-to': { type: 'string', value: 'ADDRESS' },
  ...COMMON_OPTIONS,
} as const

const DESCRIPTION: CommandDescription<keyof typeof OPTIONS> = {
  name: 'mail-preview',
  about: `Writes one HTML page that shows the mail in every language: light and dark, phone and desktop, the text part, and the
notification with subject and preview text. The code in it is made up.`,
  options: {
    mail: `a mail module of your own (${packageFile('docs/mail.md')}); default: the standard mail`,
    out: 'where the page is written (default: mail-preview.html)',
    locales: 'only these languages',
    'from-address': 'FROM_ADDRESS, such as "Example <no-reply@example.com>"',
    'app-name': 'APP_NAME',
    'brand-color': 'BRAND_COLOR, such as "#0b5fff"',
    footer: 'MAIL_FOOTER, a line or a JSON object of lines by language',
    'send-to':
      'send these mails through SES instead of writing the page; needs --from-address, and the region and credentials of the ' +
      'AWS SDK (AWS_REGION, AWS_PROFILE)',
  },
  notes: 'Options that are not given are read from the environment variables of these names.',
  examples: ['--app-name Example --brand-color "#0b5fff"'],
  exitCodes: '0 written or sent, 2 could not run',
}

/** A code that no sign-in waits for. */
const SAMPLE = { code: '271828', reference: 'KDQB' }

/** The mails are made with the settings of Create; its secret makes no code here. */
const NO_SECRET = '00'.repeat(32)

/** Nobody waits as Cognito does, so a mail has longer than in Create. */
const MAIL_MILLISECONDS = 30_000

/** @returns the exit code: 0 written or sent, 2 could not run */
export function runPreview(args: readonly string[], terminal: Terminal): Promise<0 | 2> {
  return runCommand(OPTIONS, DESCRIPTION, args, terminal, async ({ values }) => {
    const { out = 'mail-preview.html', json, 'send-to': to } = values
    const { module } = await ownModule(values.mail)
    const names = Object.keys(languagesOf(module))
    const locales = values.locales?.split(',').map(name => name.trim())
    const unknown = locales?.filter(name => !names.includes(name)) ?? []
    if (unknown.length > 0)
      throw new CommandError(
        `There is no mail in ${unknown.join(', ')}. Languages: ${names.join(', ')}.`,
        'usage',
      )
    const from = values['from-address'] ?? process.env['FROM_ADDRESS']
    if (to !== undefined && from === undefined)
      throw new CommandError('Missing required option: --from-address ADDRESS. See --help.', 'usage')
    if (to !== undefined && !isMailbox(to)) throw new CommandError('--send-to must be one address.', 'usage')
    const given = {
      FROM_ADDRESS: from ?? 'no-reply@example.com',
      APP_NAME: values['app-name'],
      BRAND_COLOR: values['brand-color'],
      MAIL_FOOTER: values.footer,
    }
    const own = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    const settings = readCreateSettings({ ...process.env, ...own, CODE_SECRET: NO_SECRET }, names)

    const sample = {
      ...SAMPLE,
      appName: settings.appName,
      minutes: Math.floor(settings.codeTtlSeconds / 60),
      brandColor: settings.brandColor,
      footer: (locale: string) =>
        settings.mailFooter[chooseLocale([locale], settings.defaultLocale, settings.mailFooter)],
    }
    const mails = sampleMails(module, sample, locales)
    if (to === undefined) {
      await writeFile(out, galleryPage(mails, settings.appName)).catch((error: NodeJS.ErrnoException) => {
        throw new CommandError(
          `Cannot write to --out ${out} (${error.code}). Name a file that you may write to.`,
          'usage',
        )
      })
      terminal.stdout.write(
        json
          ? `${JSON.stringify({ out, locales: mails.map(({ locale }) => locale) })}\n`
          : `Written: ${out}\n`,
      )
      return 0
    }
    const { sendMail } = await import('../shared/ses.ts')
    for (const { mail } of mails) {
      await sendMail(mail, to, settings, deadlineAt(performance.now() + MAIL_MILLISECONDS), () => {}).catch(
        (error: unknown) => {
          throw notSent(error)
        },
      )
    }
    terminal.stdout.write(
      json ? `${JSON.stringify({ to, sent: mails.length })}\n` : `Sent to ${to}: ${mails.length} mails.\n`,
    )
    return 0
  })
}

/** SES's own name for what went wrong, and what to look at. */
function notSent(error: unknown): unknown {
  if (!(error instanceof MailError)) return error
  const cause = [error.failure, error.code].filter(word => word !== undefined).join(', ')
  return new CommandError(
    `The mail was not sent (${cause}). Check AWS_REGION, the credentials, the network, and that SES knows the sender: ` +
      `${COMMAND} check --user-pool-id ID --from-address ADDRESS.`,
  )
}
