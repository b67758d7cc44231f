// The sample page: brings the sign-in driver, the mailbox and what happened together.
import { Amplify } from 'aws-amplify'
import { fetchAuthSession } from 'aws-amplify/auth'
import { createSignInDriver } from '../client/sign-in.ts'
import { byId, setText } from './elements.ts'
import { fetchCalls, fetchMails, fetchPool, type PoolUser } from './local-user-pool.ts'
import { createMailbox } from './mailbox.ts'
import { createSequenceDiagram } from './sequence-diagram.ts'
import { createSignInView } from './sign-in-view.ts'
import { type Language, TEXTS } from './texts.ts'

const LANGUAGE_KEY = 'cognito-email-code.language'
const POLL_MILLISECONDS = 700

const driver = createSignInDriver({ clientMetadata: () => ({ locale: texts().languageTag }) })
/** The words that stand still, with the English ones that they came with. */
const standing = new Map(
  [...document.querySelectorAll<HTMLElement>('[data-text]')].map(element => [element, element.textContent]),
)
const view = createSignInView()
const mailbox = createMailbox(view.fillInCode)
const diagram = createSequenceDiagram()
let language = firstLanguage()
let users: readonly PoolUser[] = []
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
}

function renderLanguage(): void {
  document.documentElement.lang = texts().languageTag
  for (const [element, english] of standing) {
    setText(element, texts().standing[element.dataset['text'] ?? ''] ?? english)
  }
  const button = byId('language', HTMLButtonElement)
  setText(button, texts().otherLanguage)
  button.lang = language === 'en' ? 'zh' : 'en'
  for (const reveal of document.querySelectorAll<HTMLElement>('.reveal')) renderReveal(reveal)
  view.showUsers(texts(), users)
  render()
}

function renderReveal(button: HTMLElement): void {
  const input = byId(button.getAttribute('aria-controls') ?? '', HTMLInputElement)
  const open = input.type === 'text'
  button.ariaPressed = String(open)
  setText(button, open ? texts().hide : texts().show)
}

async function refresh(): Promise<void> {
  const [mails, calls] = await Promise.all([fetchMails(), fetchCalls(revision)])
  mailbox.show(mails)
  diagram.add(calls)
  revision = Math.max(revision, ...calls.map(call => call.revision))
  mailbox.render(texts(), driver.getState())
  diagram.render(texts())
}

/** Looks at mails and calls until the page closes; a pool that is away for a moment is asked again. */
async function watch(): Promise<void> {
  await refresh().catch(() => undefined)
  setTimeout(watch, POLL_MILLISECONDS)
}

function onSubmit(id: string, submit: (fields: FormData) => void): void {
  const form = byId(id, HTMLFormElement)
  form.addEventListener('submit', event => {
    event.preventDefault()
    submit(new FormData(form))
  })
}

function fieldText(fields: FormData, name: string): string {
  const value = fields.get(name)
  return typeof value === 'string' ? value : ''
}

function listen(): void {
  onSubmit('password-form', fields => {
    const username = fieldText(fields, 'username').trim()
    const password = fieldText(fields, 'password')
    if (username === '' || password === '') return view.complain(texts().fillInBoth)
    if (!driver.getState().busy) diagram.begin()
    void driver.signIn({ username, password })
  })
  onSubmit('new-password-form', fields => {
    const attributes = [...fields.keys()].filter(name => name !== 'username' && name !== 'new-password')
    void driver.submitNewPassword(
      fieldText(fields, 'new-password'),
      Object.fromEntries(attributes.map(name => [name, fieldText(fields, name)])),
    )
  })
  onSubmit('code-form', fields => void driver.submitCode(fieldText(fields, 'code')))
  byId('resend', HTMLButtonElement).addEventListener('click', () => void driver.resend())
  for (const button of document.querySelectorAll('.start-over')) {
    button.addEventListener('click', driver.cancel)
  }
  for (const id of ['sign-out', 'sign-out-other']) {
    byId(id, HTMLButtonElement).addEventListener('click', () => void driver.signOut())
  }
  for (const button of document.querySelectorAll<HTMLElement>('.reveal')) {
    button.addEventListener('click', () => {
      const input = byId(button.getAttribute('aria-controls') ?? '', HTMLInputElement)
      input.type = input.type === 'password' ? 'text' : 'password'
      renderReveal(button)
    })
  }
  byId('language', HTMLButtonElement).addEventListener('click', () => {
    language = language === 'en' ? 'zh' : 'en'
    localStorage.setItem(LANGUAGE_KEY, language)
    renderLanguage()
  })
}

async function onState(): Promise<void> {
  const state = driver.getState()
  render()
  if (state.busy) return
  await refresh()
  if (state.step === 'signed-in') {
    const { tokens } = await fetchAuthSession()
    view.showClaims(tokens?.idToken?.payload ?? {})
  }
  if (state.step === 'signed-out' || state.step === 'failed') {
    users = (await fetchPool()).users
    view.showUsers(texts(), users)
  }
}

async function start(): Promise<void> {
  renderLanguage()
  listen()
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
  await refresh()
  if (driver.getState().step === 'signed-out') diagram.begin()
  else diagram.showLastSignIn()
  await watch()
}

start().catch(() => view.complain(texts().poolMissing))
