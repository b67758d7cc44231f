// The sample page: brings the sign-in driver, the mailbox, the problem, the faults and what happened together.
import { Amplify } from 'aws-amplify'
import { fetchAuthSession } from 'aws-amplify/auth'
import { createSignInDriver } from '../client/sign-in.ts'
import { byId, disable, onClick, setText } from './elements.ts'
import { createFaultPanel } from './fault-panel.ts'
import { createUser, fetchCalls, fetchMails, fetchPool, type PoolUser } from './local-user-pool.ts'
import { createMailboxView } from './mailbox.ts'
import { createProblemView } from './see-the-problem.ts'
import { createSequenceDiagram } from './sequence-diagram.ts'
import { createSignInView } from './sign-in-view.ts'
import { type Language, TEXTS } from './texts.ts'

const LANGUAGE_KEY = 'cognito-email-code.language'
/** The app client that the page last spoke to. The local pool has another one each time it starts. */
const CLIENT_KEY = 'cognito-email-code.client'
/** Amplify keeps its tokens under keys that begin so. */
const TOKEN_KEY_PREFIX = 'CognitoIdentityServiceProvider.'
const POLL_MILLISECONDS = 700

/** The pool that serves this page may also run other triggers: their challenges are shown too. */
const driver = createSignInDriver({
  challenge: 'any',
  clientMetadata: () => ({ locale: texts().languageTag }),
})
/** Texts and labels that stay the same, with the English ones that they came with. */
const fixedTexts = new Map(
  [...document.querySelectorAll<HTMLElement>('[data-text]')].map(element => [element, element.textContent]),
)
const fixedLabels = new Map(
  [...document.querySelectorAll<HTMLElement>('[data-label]')].map(element => [element, element.ariaLabel]),
)
const view = createSignInView()
const mailbox = createMailboxView(view.fillInCode)
const problem = createProblemView(fetchPool, showWhatComes)
const faults = createFaultPanel()
const diagram = createSequenceDiagram()
let language = firstLanguage()
let users: readonly PoolUser[] = []
let claims: Readonly<Record<string, unknown>> = {}
let revision = 0

function texts() {
  return TEXTS[language]
}

function firstLanguage(): Language {
  const chosen = localStorage.getItem(LANGUAGE_KEY)
  if (chosen === 'en' || chosen === 'zh') return chosen
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

function render(): void {
  const state = driver.getState()
  view.render(texts(), state)
  mailbox.render(texts(), state)
  diagram.render(texts())
  problem.render(texts())
  faults.render(texts())
}

function renderLanguage(): void {
  document.documentElement.lang = texts().languageTag
  for (const [element, english] of fixedTexts) {
    setText(element, texts().fixed[element.dataset['text'] ?? ''] ?? english)
  }
  for (const [element, english] of fixedLabels) {
    element.ariaLabel = texts().fixed[element.dataset['label'] ?? ''] ?? english
  }
  const button = byId('language', HTMLButtonElement)
  setText(button, texts().otherLanguage)
  button.lang = language === 'en' ? 'zh' : 'en'
  view.showUsers(texts(), users)
  view.showClaims(texts(), claims)
  render()
}

/** Two answers to the same question would be taken in twice. */
const refresh = inTurn(fetchNews)
/** Another tab keeps its tokens one after the other: only the last look finds all of them. */
const followOtherTabs = inTurn(lookAtTokens)

/** Each run waits for the one before. */
function inTurn(run: () => Promise<void>): () => Promise<void> {
  let last: Promise<void> = Promise.resolve()
  return () => {
    last = last.catch(() => undefined).then(run)
    return last
  }
}

async function fetchNews(): Promise<void> {
  await takeNews()
  mailbox.render(texts(), driver.getState())
  diagram.render(texts())
}

async function takeNews(): Promise<void> {
  const [mails, calls] = await Promise.all([
    fetchMails(mailbox.newestSecond()),
    fetchCalls(revision),
    faults.refresh(),
  ])
  mailbox.add(mails)
  diagram.add(calls)
  for (const call of calls) revision = Math.max(revision, call.revision)
}

function isUnderWay(): boolean {
  const { step } = driver.getState()
  return step === 'code' || step === 'new-password'
}

/** Clears what happened before, unless it belongs to a sign-in that is under way. */
async function showWhatComes(): Promise<void> {
  if (isUnderWay()) return
  await refresh().catch(() => undefined)
  diagram.begin()
}

/** Looks for news until the page closes; a pool that is away for a moment is asked again. */
async function watch(clientId: string, wasAway = false): Promise<void> {
  const isAway = await refresh().then(
    () => false,
    () => true,
  )
  if (wasAway && !isAway) await reloadForAnother(clientId)
  setTimeout(() => watch(clientId, isAway), POLL_MILLISECONDS)
}

/** A step that was kept for a pool that has been stopped since leads nowhere. */
function giveUpStepOfAnother(clientId: string): void {
  if (isUnderWay() && sessionStorage.getItem(CLIENT_KEY) !== clientId) driver.cancel()
  sessionStorage.setItem(CLIENT_KEY, clientId)
}

/** The pool was started again: users, sessions and tokens of before are gone. */
async function reloadForAnother(clientId: string): Promise<void> {
  const pool = await fetchPool().catch(() => undefined)
  if (pool && pool.clientId !== clientId) location.reload()
}

async function refreshUsers(): Promise<void> {
  users = (await fetchPool()).users
  view.showUsers(texts(), users)
}

async function offerNewUser(): Promise<void> {
  const button = byId('new-user', HTMLButtonElement)
  disable(button, true)
  try {
    const user = await createUser()
    await refreshUsers()
    view.fillInUser(user)
  } catch {
    view.complain(texts().poolMissing)
  } finally {
    disable(button, driver.getState().busy)
  }
}

/** Another tab has signed the person in or out: a code that is asked for here leads nowhere any more. */
async function lookAtTokens(): Promise<void> {
  const { step, busy } = driver.getState()
  if (busy) return
  const { tokens } = await fetchAuthSession().catch(() => ({ tokens: undefined }))
  const signedInHere = step === 'signed-in'
  if (driver.getState().busy || signedInHere === (tokens !== undefined)) return
  driver.cancel()
  await driver.resume()
}

function onSubmit(id: string, submit: (fields: FormData, form: HTMLFormElement) => void): void {
  const form = byId(id, HTMLFormElement)
  form.addEventListener('submit', event => {
    event.preventDefault()
    submit(new FormData(form), form)
  })
}

function fieldText(fields: FormData, name: string): string {
  const value = fields.get(name)
  return typeof value === 'string' ? value : ''
}

function listenToForms(): void {
  onSubmit('password-form', fields => {
    const username = fieldText(fields, 'username').trim()
    const password = fieldText(fields, 'password')
    const missing = username === '' ? 'username' : password === '' ? 'password' : undefined
    if (missing) return view.complain(texts().fillInBoth, byId(missing, HTMLInputElement))
    if (!driver.getState().busy) diagram.begin()
    void driver.signIn({ username, password })
  })
  onSubmit('new-password-form', (fields, form) => {
    const password = fieldText(fields, 'new-password')
    const attributes = [...fields.keys()].filter(name => name !== 'username' && name !== 'new-password')
    const empty = ['new-password', ...attributes].find(name => fieldText(fields, name) === '')
    if (empty !== undefined) {
      const text = password === '' ? texts().fillInNewPassword : texts().fillInAll
      const field = form.elements.namedItem(empty)
      return view.complain(text, field instanceof HTMLInputElement ? field : undefined)
    }
    void driver.submitNewPassword(
      password,
      Object.fromEntries(attributes.map(name => [name, fieldText(fields, name)])),
    )
  })
  onSubmit('code-form', fields => void driver.submitCode(fieldText(fields, 'code')))
}

function listenToButtons(): void {
  onClick(byId('resend', HTMLButtonElement), () => void driver.resend())
  for (const button of document.querySelectorAll('.start-over')) {
    button.addEventListener('click', driver.cancel)
  }
  byId('cancel', HTMLButtonElement).addEventListener('click', () => {
    driver.cancel()
    view.focusFirstField()
  })
  for (const id of ['sign-out', 'sign-out-other']) {
    onClick(byId(id, HTMLButtonElement), () => void driver.signOut())
  }
  for (const button of document.querySelectorAll<HTMLElement>('.reveal')) {
    button.addEventListener('click', () => showOrHidePassword(button))
  }
  onClick(byId('new-user', HTMLButtonElement), () => void offerNewUser())
  byId('language', HTMLButtonElement).addEventListener('click', () => {
    language = language === 'en' ? 'zh' : 'en'
    localStorage.setItem(LANGUAGE_KEY, language)
    renderLanguage()
  })
}

function showOrHidePassword(button: HTMLElement): void {
  const input = byId(button.getAttribute('aria-controls') ?? '', HTMLInputElement)
  const show = input.type === 'password'
  input.type = show ? 'text' : 'password'
  button.ariaPressed = String(show)
}

function listenToChanges(clientId: string): void {
  addEventListener('storage', ({ key }) => {
    if (key === null || key.startsWith(TOKEN_KEY_PREFIX)) void followOtherTabs()
  })
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return
    void followOtherTabs()
    void reloadForAnother(clientId)
  })
  // A page that opened without a network could not ask who is signed in.
  addEventListener('online', () => void followOtherTabs())
}

async function onState(): Promise<void> {
  const state = driver.getState()
  render()
  if (state.busy) return
  await refresh()
  if (state.step === 'signed-in') {
    const { tokens } = await fetchAuthSession()
    claims = tokens?.idToken?.payload ?? {}
    view.showClaims(texts(), claims)
  }
  if (state.step === 'signed-out' || state.step === 'failed') await refreshUsers()
}

async function start(): Promise<void> {
  renderLanguage()
  listenToForms()
  listenToButtons()
  setInterval(() => view.tick(texts(), driver.getState()), 1000)
  const pool = await fetchPool()
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: pool.userPoolId,
        userPoolClientId: pool.clientId,
        userPoolEndpoint: pool.endpoint,
      },
    },
  })
  driver.subscribe(() => void onState().catch(() => undefined))
  await driver.resume()
  giveUpStepOfAnother(pool.clientId)
  listenToChanges(pool.clientId)
  await refresh()
  if (driver.getState().step === 'signed-out') diagram.begin()
  else diagram.showLastSignIn()
  render()
  await watch(pool.clientId)
}

start().catch(() => view.complain(texts().poolMissing))
