// The mailbox beside the sign-in: every mail that the pool sent, the newest first.
import type { SignInState } from '../client/sign-in.ts'
import { byId, make, setText } from './elements.ts'
import { codeIn, type Mail } from './local-user-pool.ts'
import type { Texts } from './texts.ts'

/** So many of the newest mails are shown. */
const MOST_SHOWN = 10

export interface MailboxView {
  /** Takes in what `fetchMails(newestSecond())` answered. */
  add(mails: readonly Mail[]): void
  /** The second of the newest mail, or 0. */
  newestSecond(): number
  render(texts: Texts, state: SignInState): void
}

interface Entry {
  readonly mail: Mail
  readonly item: HTMLLIElement
  readonly badge: HTMLElement
  readonly fillIn: HTMLButtonElement | undefined
}

/** @param fillIn gets the code of a mail when the person asks for it */
export function createMailboxView(fillIn: (code: string) => void): MailboxView {
  const section = byId('mailbox', HTMLElement)
  const list = byId('mails', HTMLOListElement)
  const empty = byId('no-mail', HTMLParagraphElement)
  const news = byId('mailbox-news', HTMLParagraphElement)
  const bar = byId('mail-bar', HTMLAnchorElement)
  const barText = byId('mail-bar-text', HTMLSpanElement)
  /** In the order of arrival. */
  let entries: Entry[] = []
  let arrived: Mail[] = []
  /** What was there when the page opened is no news. */
  let isNews = false
  let inSight = false
  /** Mails that came while the mailbox was out of sight, as it is on a phone. */
  let unseen = 0
  let added = false

  new IntersectionObserver(
    ([entry]) => {
      inSight = entry?.isIntersecting ?? false
      if (!inSight) return
      unseen = 0
      bar.hidden = true
    },
    // Its upper edge at the bottom of the screen shows no mail yet.
    { rootMargin: '0px 0px -50% 0px' },
  ).observe(section)

  return {
    newestSecond: () => entries.at(-1)?.mail.at ?? 0,

    add: mails => {
      const newest = entries.at(-1)?.mail.at ?? 0
      const known = entries.filter(({ mail }) => mail.at === newest).length
      // Fewer than before from the newest second on: the mailbox was cleared.
      const cleared = mails.length < known
      if (cleared) {
        entries = []
        list.replaceChildren()
      }
      arrived.push(...mails.slice(cleared ? 0 : known))
      added = true
    },

    render: (texts, state) => {
      for (const mail of arrived) draw(texts, mail, state)
      const newest = arrived.at(-1)
      if (newest && isNews) {
        if (!inSight) unseen += arrived.length
        setText(news, texts.mailArrived(newest.subject))
      }
      arrived = []
      isNews = added
      empty.hidden = entries.length > 0
      // Only who waits for a code has to be led to the mailbox.
      if (state.step !== 'code' && !state.busy) unseen = 0
      bar.hidden = unseen === 0 || state.step !== 'code'
      setText(barText, texts.newMails(unseen))
      for (const entry of entries) renderEntry(texts, entry, state)
    },
  }

  function renderEntry(texts: Texts, { mail, item, badge, fillIn: button }: Entry, state: SignInState): void {
    setText(badge, counts(mail, state) ? texts.mailCounts : '')
    if (button) {
      setText(button, texts.fillInCode)
      button.hidden = !asksForMailedCode(state)
    }
    item.querySelector('iframe')?.setAttribute('title', texts.mailTitle(mail.subject))
  }

  function counts(mail: Mail, state: SignInState): boolean {
    if (state.step !== 'code' || (state.expiresAt ?? Infinity) <= Date.now()) return false
    if (state.kind === 'email-code') return !!state.reference && mail.subject.includes(state.reference)
    // Cognito's own mails bear no reference: the newest one counts.
    return state.kind === 'email-otp' && mail === newestCodeTo(state.username)
  }

  function newestCodeTo(username: string): Mail | undefined {
    const address = username.toLowerCase()
    return entries.findLast(({ mail, fillIn }) => fillIn && mail.to.toLowerCase() === address)?.mail
  }

  function draw(texts: Texts, mail: Mail, state: SignInState): void {
    const badge = make('span', { class: 'badge' })
    const code = codeIn(mail)
    const button = code === undefined ? undefined : make('button', { type: 'button', class: 'secondary' })
    button?.addEventListener('click', () => fillIn(code ?? ''))
    const frame = make('iframe', { sandbox: 'allow-same-origin', title: mail.subject, srcdoc: mail.html })
    const fit = () => {
      // A frame that is still loading has a document without a root, whatever the type says.
      const root: HTMLElement | null | undefined = frame.contentDocument?.documentElement
      // Not what can be scrolled, which is never less than the frame is high now.
      const height = root?.offsetHeight ?? 0
      if (height > 0) frame.style.height = `${height}px`
    }
    frame.addEventListener('load', fit)
    const time = new Date(1000 * mail.at).toLocaleTimeString(texts.languageTag)
    const details = make(
      'details',
      {},
      make('summary', {}, make('span', { class: 'subject' }, mail.subject), badge),
      make('p', { class: 'hint' }, make('span', {}, mail.to), ' ', make('span', {}, time)),
      // Before the mail, which can reach out of sight.
      ...(button ? [button] : []),
      mail.html === '' ? make('pre', { tabindex: '0' }, mail.text) : frame,
    )
    // Opened, or turned and enlarged, which changes where its lines break.
    new ResizeObserver(fit).observe(frame)
    const item = make('li', {}, details)
    entries.push({ mail, item, badge, fillIn: button })
    list.prepend(item)
    // A mail of another sign-in does not close the one whose code is waited for.
    if (counts(mail, state) || !entries.some(entry => counts(entry.mail, state))) {
      for (const entry of entries) closeIn(entry.item)
      details.open = true
      list.scrollTop = 0
    }
    for (const old of entries.slice(0, -MOST_SHOWN)) old.item.remove()
    entries = entries.slice(-MOST_SHOWN)
  }
}

function closeIn(item: HTMLElement): void {
  for (const details of item.querySelectorAll('details')) details.open = false
}

/** Whether the code of a mail can be the answer now. */
function asksForMailedCode(state: SignInState): boolean {
  return state.step === 'code' && state.reason !== 'limited' && !['sms', 'totp'].includes(state.kind)
}
