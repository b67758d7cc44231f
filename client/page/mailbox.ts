// The mailbox beside the sign-in: every mail that the pool sent, the newest first.
import type { SignInState } from '../sign-in.ts'
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
  const drawn = new Map<
    string,
    { item: HTMLLIElement; badge: HTMLElement; button: HTMLButtonElement | undefined }
  >()
  let mails: readonly Mail[] = []
  let first = true

  return {
    show: all => {
      mails = all
    },
    render: (texts, state) => {
      empty.hidden = mails.length > 0
      const known = new Set(mails.map(({ id }) => id))
      for (const [id, { item }] of drawn) {
        if (known.has(id)) continue
        item.remove()
        drawn.delete(id)
      }
      for (const mail of mails) {
        const entry = drawn.get(mail.id) ?? draw(mail)
        setText(entry.badge, counts(mail, state) ? texts.mailCounts : '')
        if (entry.button) {
          setText(entry.button, texts.fillInCode)
          entry.button.hidden = state.step !== 'code'
        }
        entry.item.querySelector('iframe')?.setAttribute('title', texts.mailTitle(mail.subject))
      }
      const newest = mails.at(-1)
      if (newest && list.firstElementChild !== drawn.get(newest.id)?.item) {
        for (const mail of mails) list.prepend(drawn.get(mail.id)?.item ?? '')
        for (const details of list.querySelectorAll('details')) details.open = false
        const details = list.querySelector('details')
        if (details) details.open = true
        if (!first) setText(news, texts.mailArrived(newest.subject))
      }
      first = false
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
        `${mail.from} → ${mail.to}, ${new Date(mail.at).toLocaleTimeString(document.documentElement.lang)}`,
      ),
      mail.html === '' ? make('pre', { tabindex: '0' }, mail.text) : frame,
      ...(button ? [button] : []),
    )
    details.addEventListener('toggle', fit)
    const entry = { item: make('li', {}, details), badge, button }
    drawn.set(mail.id, entry)
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
