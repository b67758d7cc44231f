// The sign-in card: shows a state of the driver and moves the focus to where the person goes on.
import type { CodeState, NewPasswordState, SignInState } from '../client/sign-in.ts'
import { byId, clockTime, disable, make, onClick, setText } from './elements.ts'
import type { PoolUser } from './local-user-pool.ts'
import type { Texts } from './texts.ts'

const SLOW_MILLISECONDS = 4000
/** So many of the newest users are offered. */
const MOST_USERS = 4
/** What browsers fill in for an attribute, and the kind of its field where it is not a text. */
const ATTRIBUTE_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  name: { autocomplete: 'name' },
  given_name: { autocomplete: 'given-name' },
  middle_name: { autocomplete: 'additional-name' },
  family_name: { autocomplete: 'family-name' },
  nickname: { autocomplete: 'nickname' },
  gender: { autocomplete: 'sex' },
  website: { autocomplete: 'url', type: 'url' },
  profile: { type: 'url' },
  picture: { type: 'url' },
  updated_at: { inputmode: 'numeric' },
  email: { autocomplete: 'email', type: 'email' },
  birthdate: { autocomplete: 'bday', type: 'date' },
  phone_number: { autocomplete: 'tel', type: 'tel' },
}
/** Of an attribute whose form counts. */
const ATTRIBUTE_EXAMPLES: Readonly<Record<string, string>> = {
  locale: 'en-US',
  zoneinfo: 'Europe/Paris',
  updated_at: '1767225600',
  phone_number: '+12025550123',
}

export interface SignInView {
  render(texts: Texts, state: SignInState): void
  /** Once a second: what is left of the code and of the wait for the next one. */
  tick(texts: Texts, state: SignInState): void
  showUsers(texts: Texts, users: readonly PoolUser[]): void
  showClaims(texts: Texts, claims: Readonly<Record<string, unknown>>): void
  /** Puts a user into the form. */
  fillInUser(user: PoolUser): void
  fillInCode(code: string): void
  /** A problem that the driver knows nothing about; the focus goes to the field that causes it. */
  complain(text: string, field?: HTMLInputElement): void
  /** Where the person goes on after an action was given up. */
  focusFirstField(): void
}

export function createSignInView(): SignInView {
  const heading = byId('sign-in-heading', HTMLHeadingElement)
  const lead = byId('lead', HTMLParagraphElement)
  const notice = byId('notice', HTMLParagraphElement)
  const working = byId('working', HTMLParagraphElement)
  const announcement = byId('announcement', HTMLParagraphElement)
  const cancel = byId('cancel', HTMLButtonElement)
  const passwordForm = byId('password-form', HTMLFormElement)
  const newPasswordForm = byId('new-password-form', HTMLFormElement)
  const codeForm = byId('code-form', HTMLFormElement)
  const signedIn = byId('signed-in', HTMLDivElement)
  const steps = [...byId('steps', HTMLOListElement).querySelectorAll('li')]
  const userList = byId('user-list', HTMLUListElement)
  const username = byId('username', HTMLInputElement)
  const password = byId('password', HTMLInputElement)
  const newPassword = byId('new-password', HTMLInputElement)
  const attributes = byId('attributes', HTMLDivElement)
  /** Tells a password manager whose new password it saves. */
  const savedFor = newPasswordForm.querySelector<HTMLInputElement>('[name=username]')
  const code = byId('code', HTMLInputElement)
  const codeLabel = byId('code-label', HTMLLabelElement)
  /** What a round in which no code is accepted has no use for. */
  const codeEntry = byId('code-entry', HTMLDivElement)
  const attempts = byId('attempts', HTMLSpanElement)
  const expiry = byId('expiry', HTMLSpanElement)
  const noSends = byId('no-sends', HTMLSpanElement)
  const resend = byId('resend', HTMLButtonElement)
  const resendWait = byId('resend-wait', HTMLSpanElement)
  const resendHint = byId('resend-hint', HTMLParagraphElement)
  const signOutOther = byId('sign-out-other', HTMLButtonElement)
  const reveals = [...document.querySelectorAll('.reveal')]
  const sections = [passwordForm, newPasswordForm, codeForm, signedIn]

  const fields = () => sections.flatMap(section => [...section.querySelectorAll('input')])

  for (const section of sections) {
    // What is typed now has not been judged yet.
    section.addEventListener('input', ({ target }) => {
      if (target instanceof HTMLInputElement) target.ariaInvalid = null
    })
  }

  let shown: SignInState | undefined
  let spoken: Texts | undefined
  let busySince = 0
  /** Most people never meet this step: it is listed once it has come. */
  let metNewPassword = false

  function render(texts: Texts, state: SignInState): void {
    const before = shown
    shown = state
    const section = sectionOf(state)
    for (const each of sections) {
      each.hidden = each !== section
      each.ariaBusy = String(state.busy)
      // The way out stays open while an answer is awaited.
      for (const button of each.querySelectorAll<HTMLElement>('button:not(.start-over)')) {
        disable(button, state.busy)
      }
    }
    renderSteps(state)
    setText(heading, headingOf(texts, state))
    document.title = headingOf(texts, state)
    signOutOther.hidden = !(state.step === 'failed' && state.reason === 'another-user')
    disable(signOutOther, state.busy)
    cancel.dataset['shown'] = String(state.busy && section === passwordForm)
    if (state.step === 'new-password') showAttributes(texts, state)
    if (state.step === 'code') showCodeEntry(texts, state)
    if (texts !== spoken || (!state.busy && state !== before)) {
      say(noticeOf(texts, state), isGoodNews(state) ? 'info' : 'problem', wrongFields(state))
    }
    if (state.busy && !before?.busy) busySince = Date.now()
    spoken = texts
    tick(texts, state)
    if (!state.busy && before) moveFocus(before, state)
  }

  function renderSteps(state: SignInState): void {
    if (state.step === 'new-password') metNewPassword = true
    if (sectionOf(state) === passwordForm) metNewPassword = false
    const currentStep = state.step === 'failed' ? 'signed-out' : state.step
    const current = steps.findIndex(({ dataset }) => dataset['step'] === currentStep)
    for (const [index, item] of steps.entries()) {
      if (item.dataset['step'] === 'new-password') item.hidden = !metNewPassword
      item.ariaCurrent = index === current ? 'step' : null
      item.dataset['done'] = String(current === -1 || index < current)
    }
  }

  function showCodeEntry(texts: Texts, state: CodeState): void {
    const isCustom = state.kind === 'custom'
    codeEntry.hidden = !opens(state)
    code.required = opens(state)
    code.inputMode = isCustom ? 'text' : 'numeric'
    code.autocomplete = isCustom ? 'off' : 'one-time-code'
    code.classList.toggle('code', !isCustom)
    setText(codeLabel, isCustom ? texts.answer : texts.code)
  }

  function tick(texts: Texts, state: SignInState): void {
    setText(working, workingText(texts, state))
    setText(lead, leadOf(texts, state))
    const isOver = state.step === 'code' ? expiryText(texts, state, 'end') : ''
    setText(announcement, state.busy ? '' : isOver)
    // That a code was sent is no news once it has expired.
    if (isOver !== '' && notice.dataset['tone'] === 'info') setText(notice, '')
    if (state.step !== 'code') return
    const wait = (state.resendAfter ?? 0) - Date.now()
    const none = state.sendsLeft === 0
    const attemptsLeft = opens(state) ? state.attemptsLeft : undefined
    setText(attempts, attemptsLeft === undefined ? '' : texts.attemptsLeft(attemptsLeft))
    setText(expiry, expiryText(texts, state, 'countdown'))
    expiry.dataset['over'] = String(isOver !== '')
    setText(noSends, none ? texts.noSendsLeft : '')
    resend.hidden = state.kind === 'totp' || state.kind === 'custom'
    disable(resend, state.busy || none || wait > 0)
    setText(resendWait, !none && wait > 0 ? clockTime(wait) : '')
    setText(resendHint, none ? texts.noSendsLeft : wait > 0 ? texts.resendIn(clockTime(wait)) : '')
  }

  function workingText(texts: Texts, state: SignInState): string {
    if (!state.busy) return ''
    return Date.now() - busySince > SLOW_MILLISECONDS ? texts.stillWorking : texts.working
  }

  function moveFocus(before: SignInState, state: SignInState): void {
    if (before === state) return
    const moved = before.step !== state.step
    if (moved) clear(before, state)
    // A page that has only just opened leaves the focus where it is.
    else if (state.step === 'signed-out') return
    const field = fieldOf(state)
    // A new code is on its way: the one in the field is of no use any more.
    if (state.step === 'code' && isGoodNews(state)) code.value = ''
    goOn(field ?? heading, moved ? heading : notice)
    if (!moved) field?.select()
  }

  /** Moves the focus to where the person goes on, and keeps in sight what has to be read before. */
  function goOn(target: HTMLElement, news: HTMLElement): void {
    target.focus({ preventScroll: true })
    for (const element of [target, news]) element.scrollIntoView({ block: 'nearest', behavior: 'instant' })
  }

  /** Passwords and codes do not stay in fields that are out of sight; a password that may be right stays in sight. */
  function clear(before: SignInState, state: SignInState): void {
    const stays = before.step === 'signed-out' && state.step === 'failed' && mayBeRight(state)
    if (!stays) password.value = ''
    newPassword.value = ''
    code.value = ''
    for (const field of [password, newPassword]) field.type = 'password'
    for (const reveal of reveals) reveal.ariaPressed = 'false'
    if ('username' in state) {
      username.value = state.username
      if (savedFor) savedFor.value = state.username
    }
  }

  function fieldOf(state: SignInState): HTMLInputElement | undefined {
    switch (state.step) {
      case 'signed-out':
        return username
      case 'failed':
        return password
      case 'new-password':
        return wrongFields(state)[0] ?? newPassword
      case 'code':
        return opens(state) ? code : undefined
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

  /** Set each time, so that the same text is heard again. */
  function say(text: string, tone: 'info' | 'problem', wrong: readonly HTMLInputElement[]): void {
    notice.dataset['tone'] = tone
    notice.textContent = text
    for (const field of fields()) {
      field.ariaInvalid = wrong.includes(field) ? 'true' : null
    }
  }

  function wrongFields(state: SignInState): readonly HTMLInputElement[] {
    if (state.step === 'failed') return state.reason === 'wrong-password' ? [username, password] : []
    if (state.step === 'new-password') {
      if (state.problem === undefined || state.problem === 'network') return []
      const others = [...attributes.querySelectorAll('input')]
      return state.problem === 'invalid-input' && others.length > 0 ? others : [newPassword]
    }
    if (state.step !== 'code' || state.problem === 'network') return []
    return state.problem === 'incomplete-code' || state.reason === 'wrong-code' ? [code] : []
  }

  function showAttributes(texts: Texts, { missingAttributes }: NewPasswordState): void {
    const inputs = [...attributes.querySelectorAll('input')]
    // What is typed stays when only the language has changed.
    const isSame = missingAttributes.join() === inputs.map(({ name }) => name).join()
    if (!isSame) attributes.replaceChildren(...missingAttributes.map(attributeField))
    for (const input of attributes.querySelectorAll('input')) {
      const label = input.previousElementSibling
      if (label instanceof HTMLElement) setText(label, texts.attributeLabel(input.name))
      const hint = document.getElementById(hintIdOf(input.name))
      if (hint !== null) setText(hint, texts.attributeExample(ATTRIBUTE_EXAMPLES[input.name] ?? ''))
    }
  }

  function fillInUser(user: PoolUser): void {
    username.value = user.username
    password.value = user.password ?? ''
    for (const field of [username, password]) field.ariaInvalid = null
    passwordForm.querySelector<HTMLElement>('[type=submit]')?.focus()
  }

  return {
    render,
    tick,
    fillInUser,
    complain: (text, field) => {
      say(text, 'problem', field ? [field] : [])
      if (field) goOn(field, notice)
    },
    focusFirstField: () => username.focus(),
    showUsers: (texts, all) => {
      // A password that the person has changed is not known here: nothing to fill in.
      const offered = all.filter(({ password: known }) => known !== undefined).slice(-MOST_USERS)
      userList.replaceChildren(
        ...offered.map(user => {
          const first = user.status === 'FORCE_CHANGE_PASSWORD'
          const button = make(
            'button',
            { type: 'button', class: 'user' },
            make('strong', {}, user.username),
            ' ',
            make('span', {}, first ? texts.userFirst : texts.userConfirmed),
          )
          onClick(button, () => fillInUser(user))
          return make('li', {}, button)
        }),
      )
    },
    showClaims: (texts, claims) => {
      const rows = Object.entries(claims).map(([name, value]) =>
        make('div', {}, make('dt', { lang: 'en' }, name), make('dd', {}, claimText(texts, name, value))),
      )
      byId('claims', HTMLDListElement).replaceChildren(...rows)
    },
    fillInCode: digits => {
      code.value = digits
      code.focus()
    },
  }
}

function attributeField(name: string): HTMLElement {
  const id = hintIdOf(name)
  const hints = name in ATTRIBUTE_EXAMPLES ? [make('p', { id, class: 'hint' })] : []
  const describedBy = ['notice', ...hints.map(hint => hint.id)].join(' ')
  const field = {
    name,
    type: 'text',
    required: '',
    'aria-describedby': describedBy,
    ...ATTRIBUTE_FIELDS[name],
  }
  return make('div', { class: 'attribute' }, make('label', {}, make('span'), make('input', field)), ...hints)
}

const hintIdOf = (attribute: string) => `hint-${attribute}`

function claimText(texts: Texts, name: string, value: unknown): string {
  if (typeof value === 'string') return value
  const isTime = typeof value === 'number' && ['auth_time', 'iat', 'exp'].includes(name)
  if (!isTime) return JSON.stringify(value)
  return new Date(value * 1000).toLocaleString(texts.languageTag, {
    dateStyle: 'medium',
    timeStyle: 'medium',
  })
}

/** Whether a code can end this round: not after the limit across sign-ins is reached. */
function opens({ reason }: CodeState): boolean {
  return reason !== 'limited'
}

/** What is left of the code's time; with `end` only that it is over. */
function expiryText(texts: Texts, state: CodeState, when: 'countdown' | 'end'): string {
  if (state.expiresAt === undefined || !opens(state)) return ''
  const left = state.expiresAt - Date.now()
  if (left <= 0) return texts.expired
  return when === 'end' ? '' : texts.validFor(clockTime(left))
}

/** The sign-in failed for another cause than the password: it need not be typed again. */
function mayBeRight({ reason }: SignInState & { step: 'failed' }): boolean {
  const others: readonly (typeof reason)[] = ['network', 'mail-not-sent', 'another-user', 'unknown']
  return others.includes(reason)
}

function headingOf(texts: Texts, state: SignInState): string {
  switch (state.step) {
    case 'signed-out':
      return texts.signedOutHeading
    case 'failed':
      // "Again" is for a sign-in that had come further than the password.
      return ['expired', 'too-many-codes', 'tokens-refused', 'new-password-unclear'].includes(state.reason)
        ? texts.failedHeading
        : texts.signedOutHeading
    case 'new-password':
      return texts.newPasswordHeading
    case 'code':
      return opens(state) ? texts.codeHeading[state.kind] : texts.limitedHeading
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
      return opens(state) ? texts.codeLead(state) : limitedLead(texts, state)
    case 'signed-in':
      return texts.signedInLead(state.username)
  }
}

/** When a code can be sent to this user again: the time of day, with its day unless that is today. */
function limitedLead(texts: Texts, { resendAfter }: CodeState): string {
  if (resendAfter === undefined) return ''
  if (resendAfter <= Date.now()) return texts.limitedLead(undefined)
  const time = new Date(Math.ceil(resendAfter / 60_000) * 60_000)
  const isToday = time.toDateString() === new Date().toDateString()
  return texts.limitedLead(
    time.toLocaleString(texts.languageTag, {
      ...(isToday ? {} : { weekday: 'long' }),
      hour: 'numeric',
      minute: '2-digit',
    }),
  )
}

function noticeOf(texts: Texts, state: SignInState): string {
  if (state.step === 'failed') {
    const saved = 'newPasswordSaved' in state && state.newPasswordSaved === true
    const sentences = [texts.failure[state.reason], saved ? texts.newPasswordSaved : '']
    return sentences.filter(sentence => sentence !== '').join(texts.betweenSentences)
  }
  if (state.step === 'new-password') return newPasswordNotice(texts, state)
  if (state.step !== 'code') return ''
  if (state.problem !== undefined) return texts.codeProblem(state)[state.problem]
  if (state.reason === 'resend-refused')
    return state.sendsLeft === 0 ? texts.noSendsLeft : texts.codeReason['resend-refused']
  if (state.kind === 'custom') return texts.customReason[state.reason] ?? texts.codeReason[state.reason]
  const withoutMail = state.kind === 'totp' && state.reason === 'restarted'
  return withoutMail ? texts.restartedWithoutMail : texts.codeReason[state.reason]
}

/** What the pool says that the password lacks, or else that it does not meet the rules. */
function newPasswordNotice(texts: Texts, { problem, unmetRequirements = [] }: NewPasswordState): string {
  if (problem === undefined) return ''
  if (problem !== 'weak-password' || unmetRequirements.length === 0) return texts.newPasswordProblem[problem]
  const lacks = unmetRequirements.map(requirement => texts.unmetRequirement[requirement])
  return [...lacks, texts.chooseAnother].join(texts.betweenSentences)
}

function isGoodNews(state: SignInState): boolean {
  if (state.step !== 'code' || state.problem !== undefined) return false
  return ['resent', 'restarted', 'expired'].includes(state.reason)
}
