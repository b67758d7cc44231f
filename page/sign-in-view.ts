// The sign-in card: shows a state of the driver and moves the focus to where the person goes on.
import type { SignInState } from '../client/sign-in.ts'
import { byId, clockTime, make, setText } from './elements.ts'
import type { PoolUser } from './local-user-pool.ts'
import type { TEXTS } from './texts.ts'

type Texts = (typeof TEXTS)['en']

const SLOW_MILLISECONDS = 4000
/** The most that RESEND_AFTER_SECONDS allows. A longer wait means that two clocks do not agree. */
const LONGEST_RESEND_WAIT_MILLISECONDS = 300_000

export interface SignInView {
  render(texts: Texts, state: SignInState): void
  /** Once a second: what is left of the code and of the wait for the next one. */
  tick(texts: Texts, state: SignInState): void
  showUsers(texts: Texts, users: readonly PoolUser[]): void
  showClaims(claims: Readonly<Record<string, unknown>>): void
  /** A problem that the driver knows nothing about. */
  complain(text: string): void
  fillInCode(code: string): void
}

export function createSignInView(): SignInView {
  const heading = byId('sign-in-heading', HTMLHeadingElement)
  const lead = byId('lead', HTMLParagraphElement)
  const notice = byId('notice', HTMLParagraphElement)
  const working = byId('working', HTMLParagraphElement)
  const passwordForm = byId('password-form', HTMLFormElement)
  const newPasswordForm = byId('new-password-form', HTMLFormElement)
  const codeForm = byId('code-form', HTMLFormElement)
  const signedIn = byId('signed-in', HTMLDivElement)
  const users = byId('users', HTMLFieldSetElement)
  const username = byId('username', HTMLInputElement)
  const password = byId('password', HTMLInputElement)
  const newPassword = byId('new-password', HTMLInputElement)
  const attributes = byId('attributes', HTMLDivElement)
  const code = byId('code', HTMLInputElement)
  const attempts = byId('attempts', HTMLSpanElement)
  const expiry = byId('expiry', HTMLSpanElement)
  const nextMail = byId('next-mail', HTMLSpanElement)
  const resend = byId('resend', HTMLButtonElement)
  const signOutOther = byId('sign-out-other', HTMLButtonElement)
  const sections = [passwordForm, newPasswordForm, codeForm, signedIn]

  let shown: SignInState | undefined
  let spoken: Texts | undefined
  let busySince = 0

  function render(texts: Texts, state: SignInState): void {
    const before = shown
    shown = state
    const section = sectionOf(state)
    for (const each of sections) {
      each.hidden = each !== section
      each.ariaBusy = String(state.busy)
      for (const button of each.querySelectorAll('button')) {
        button.ariaDisabled = String(state.busy)
      }
    }
    for (const item of document.querySelectorAll<HTMLElement>('[data-progress]')) {
      const reached = item.dataset['progress'] === (state.step === 'failed' ? 'signed-out' : state.step)
      item.ariaCurrent = reached ? 'step' : null
    }
    setText(heading, headingOf(texts, state))
    setText(lead, leadOf(texts, state))
    document.title = headingOf(texts, state)
    signOutOther.hidden = !(state.step === 'failed' && state.reason === 'another-user')
    if (state.step === 'new-password') showAttributes(texts, state)
    if (!state.busy && (state !== before || texts !== spoken)) {
      say(noticeOf(texts, state), isGoodNews(state) ? 'info' : 'problem', wrongFields(state))
    }
    if (state.busy && !before?.busy) busySince = Date.now()
    spoken = texts
    tick(texts, state)
    if (!state.busy && before) moveFocus(before, state)
  }

  function tick(texts: Texts, state: SignInState): void {
    setText(working, workingText(texts, state))
    if (state.step !== 'code') return
    const now = Date.now()
    setText(attempts, state.attemptsLeft === undefined ? '' : texts.attemptsLeft(state.attemptsLeft))
    const left = state.expiresAt === undefined ? undefined : state.expiresAt - now
    setText(expiry, left === undefined ? '' : left > 0 ? texts.validFor(clockTime(left)) : texts.expired)
    const wait = (state.resendAfter ?? 0) - now
    const none = state.sendsLeft === 0
    // Only told, not enforced: this clock may be wrong, and the pool refuses what comes too early.
    const told = wait > 0 && wait <= LONGEST_RESEND_WAIT_MILLISECONDS
    setText(nextMail, none ? texts.noSendsLeft : told ? texts.resendIn(clockTime(wait)) : '')
    resend.hidden = state.kind === 'totp' || none
  }

  function workingText(texts: Texts, state: SignInState): string {
    if (state.busy) return Date.now() - busySince > SLOW_MILLISECONDS ? texts.stillWorking : texts.working
    const expired = state.step === 'code' && state.expiresAt !== undefined && state.expiresAt <= Date.now()
    return expired ? texts.expired : ''
  }

  function moveFocus(before: SignInState, state: SignInState): void {
    if (before === state) return
    const moved = before.step !== state.step
    if (moved) clear(state)
    // A page that has only just opened leaves the focus where it is.
    else if (state.step === 'signed-out') return
    const field = fieldOf(state)
    // A new code is on its way: the one in the field is of no use any more.
    if (state.step === 'code' && isGoodNews(state)) code.value = ''
    const target = field ?? heading
    target.focus()
    if (!moved) field?.select()
  }

  /** Passwords and codes do not stay in fields that are out of sight. */
  function clear(state: SignInState): void {
    password.value = ''
    newPassword.value = ''
    code.value = ''
    if ('username' in state) {
      username.value = state.username
      for (const field of newPasswordForm.querySelectorAll<HTMLInputElement>('[name=username]')) {
        field.value = state.username
      }
    }
  }

  function fieldOf(state: SignInState): HTMLInputElement | undefined {
    switch (state.step) {
      case 'signed-out':
        return username
      case 'failed':
        return password
      case 'new-password':
        return newPassword
      case 'code':
        return code
      case 'signed-in':
        return undefined
    }
  }

  function sectionOf(state: SignInState): HTMLElement {
    switch (state.step) {
      case 'signed-out':
      case 'failed':
        return passwordForm
      case 'new-password':
        return newPasswordForm
      case 'code':
        return codeForm
      case 'signed-in':
        return signedIn
    }
  }

  /** Set anew each time, so that the same words are heard again. */
  function say(text: string, tone: 'info' | 'problem', wrong: readonly HTMLInputElement[]): void {
    notice.dataset['tone'] = tone
    notice.textContent = text
    for (const field of [username, password, newPassword, code]) {
      field.ariaInvalid = wrong.includes(field) ? 'true' : null
    }
  }

  function wrongFields(state: SignInState): readonly HTMLInputElement[] {
    if (state.step === 'failed') return state.reason === 'wrong-password' ? [username, password] : []
    if (state.step === 'new-password')
      return state.problem === undefined || state.problem === 'network' ? [] : [newPassword]
    if (state.step !== 'code' || state.problem === 'network') return []
    return state.problem === 'incomplete-code' || state.reason === 'wrong-code' ? [code] : []
  }

  function showAttributes(texts: Texts, { missingAttributes }: SignInState & { step: 'new-password' }): void {
    if (attributes.children.length === missingAttributes.length) return
    attributes.replaceChildren(
      ...missingAttributes.map(name =>
        make(
          'label',
          { lang: texts.languageTag },
          name.replaceAll('_', ' '),
          make('input', { name, type: 'text', required: '' }),
        ),
      ),
    )
  }

  return {
    render,
    tick,
    complain: text => say(text, 'problem', []),
    showUsers: (texts, all) => {
      users.hidden = all.length === 0
      users.querySelectorAll('button').forEach(button => {
        button.remove()
      })
      for (const user of all) {
        const first = user.status === 'FORCE_CHANGE_PASSWORD'
        const button = make(
          'button',
          { type: 'button', class: 'user' },
          make('strong', {}, user.username),
          make('span', {}, first ? texts.userWithTemporaryPassword : texts.userConfirmed),
        )
        button.addEventListener('click', () => {
          username.value = user.username
          password.value = user.password ?? ''
          const next = user.password === undefined ? password : passwordForm.querySelector('[type=submit]')
          if (next instanceof HTMLElement) next.focus()
        })
        users.append(button)
      }
    },
    showClaims: claims => {
      const rows = Object.entries(claims).map(([name, value]) =>
        make('tr', {}, make('th', { scope: 'row' }, name), make('td', {}, claimText(name, value))),
      )
      byId('claims', HTMLTableSectionElement).replaceChildren(...rows)
    },
    fillInCode: digits => {
      code.value = digits
      code.focus()
    },
  }
}

function claimText(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  const isTime = typeof value === 'number' && ['auth_time', 'iat', 'exp'].includes(name)
  const time = isTime ? ` (${new Date(value * 1000).toLocaleString(document.documentElement.lang)})` : ''
  return `${JSON.stringify(value)}${time}`
}

function headingOf(texts: Texts, state: SignInState): string {
  switch (state.step) {
    case 'signed-out':
      return texts.signedOutHeading
    case 'failed':
      return texts.failedHeading
    case 'new-password':
      return texts.newPasswordHeading
    case 'code':
      return texts.codeHeading[state.kind]
    case 'signed-in':
      return texts.signedInHeading
  }
}

function leadOf(texts: Texts, state: SignInState): string {
  switch (state.step) {
    case 'signed-out':
      return texts.signedOutLead
    case 'failed':
      return ''
    case 'new-password':
      return texts.newPasswordLead(state.username)
    case 'code':
      return texts.codeLead(state)
    case 'signed-in':
      return texts.signedInLead(state.username)
  }
}

function noticeOf(texts: Texts, state: SignInState): string {
  if (state.step === 'failed') return texts.failure[state.reason]
  if (state.step === 'new-password')
    return state.problem === undefined ? '' : texts.newPasswordProblem[state.problem]
  if (state.step !== 'code') return ''
  if (state.problem !== undefined) return texts.codeProblem(state)[state.problem]
  if (state.reason === 'resend-refused')
    return state.sendsLeft === 0 ? texts.noSendsLeft : texts.codeReason['resend-refused']
  const withoutMail = state.kind === 'totp' && state.reason === 'restarted'
  return withoutMail ? texts.restartedWithoutMail : texts.codeReason[state.reason]
}

function isGoodNews(state: SignInState): boolean {
  if (state.step !== 'code' || state.problem !== undefined) return false
  return ['resent', 'restarted', 'expired'].includes(state.reason)
}
