// The mailbox beside the sign-in: every mail that the pool sent, the newest first.
import type { SignInState } from '../client/sign-in.ts'
import { byId, make, setText } from './elements.ts'
import type { Mail } from './local-user-pool.ts'
import type { TEXTS } from './texts.ts'

type Texts = (typeof TEXTS)['en']

export interface Mailbox {
  /** All mails, oldest first. */
  show(mails: readonly Mail[]): void
  render(texts: Texts, state: SignInState): void
}

/** @param fillIn gets the code of a mail when the person asks for it */
export function createMailbox(fillIn: (code: string) => void): Mailbox {
  const list = byId('mails', HTMLOListElement)
  const empty = byId('no-mail', HTMLParagraphElement)
  const news = byId('mailbox-news', HTMLParagraphElement)
  /** In the order of arrival. */
  const drawn: { item: HTMLLIElement; badge: HTMLElement; button: HTMLButtonElement | undefined }[] = []
  let mails: readonly Mail[] = []
  let seen: number | undefined

  return {
    show: all => {
      mails = all
    },
    render: (texts, state) => {
      empty.hidden = mails.length > 0
      for (const [index, mail] of mails.entries()) {
        const entry = drawn[index] ?? draw(mail)
        setText(entry.badge, counts(mail, state) ? texts.mailCounts : '')
        if (entry.button) {
          setText(entry.button, texts.fillInCode)
          entry.button.hidden = state.step !== 'code'
        }
        entry.item.querySelector('iframe')?.setAttribute('title', texts.mailTitle(mail.subject))
      }
      const newest = mails.at(-1)
      if (newest && seen !== undefined && mails.length > seen)
        setText(news, texts.mailArrived(newest.subject))
      seen = mails.length
    },
  }

  function draw(mail: Mail) {
    const badge = make('span', { class: 'badge' })
    const code = codeOf(mail)
    const button = code === undefined ? undefined : make('button', { type: 'button', class: 'quiet' })
    button?.addEventListener('click', () => fillIn(code ?? ''))
    const frame = make('iframe', { sandbox: 'allow-same-origin', title: mail.subject, srcdoc: mail.html })
    const fit = () => {
      const height = frame.contentDocument?.documentElement.scrollHeight ?? 0
      if (height > 0) frame.style.height = `${height}px`
    }
    frame.addEventListener('load', fit)
    const details = make(
      'details',
      {},
      make('summary', {}, make('span', { class: 'subject' }, mail.subject), ' ', badge),
      make(
        'p',
        { class: 'hint' },
        `${mail.to}, ${new Date(mail.at).toLocaleTimeString(document.documentElement.lang)}`,
      ),
      mail.html === '' ? make('pre', { tabindex: '0' }, mail.text) : frame,
      ...(button ? [button] : []),
    )
    details.addEventListener('toggle', fit)
    for (const { item } of drawn) {
      for (const older of item.querySelectorAll('details')) older.open = false
    }
    details.open = true
    const entry = { item: make('li', {}, details), badge, button }
    drawn.push(entry)
    list.prepend(entry.item)
    return entry
  }
}

/** The digits that stand alone on a line. */
function codeOf({ text }: Mail): string | undefined {
  return /^\s*(\d{6,10})\s*$/m.exec(text)?.[1]
}

function counts({ subject }: Mail, state: SignInState): boolean {
  return state.step === 'code' && !!state.reference && subject.includes(state.reference)
}
