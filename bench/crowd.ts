// People who sign in to a local user pool all along with the driver, each at a browser of their own.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { isObject } from '../command/json.ts'
import type { LocalUserPool } from '../local/local-user-pool.ts'
import { AMPLIFY_SRP_FILE, type AmplifySrp, computePowersByOpenSsl } from '../testing/amplify-srp.ts'
import { NEW_PASSWORD } from '../testing/passwords.ts'
import type * as app from './app-user.ts'

/** A user of the pool, as the people who sign in know them. */
export type Account = { readonly username: string; password: string; isNew: boolean }

/** What went wrong, with how often. */
export class Problems {
  readonly found: Record<string, number> = {}

  add(text: string): void {
    this.found[text] = (this.found[text] ?? 0) + 1
  }
}

/** Finds the code of the newest mail to an address, or of the one whose subject has the reference. */
function mailReader(pool: LocalUserPool): (address: string, reference?: string) => Promise<string> {
  const codes = new Map<string, string>()
  let since = 0
  let reading: Promise<void> = Promise.resolve()
  const read = async () => {
    const answer = await fetch(`${pool.endpoint}/local-user-pool/messages?since=${since}`)
    const messages: unknown = await answer.json()
    for (const { to, subject, text, at } of Array.isArray(messages) ? messages.filter(isObject) : []) {
      const reference = /\b[BCDFGHJKLMNPQRSTVWXZ]{4}\b/.exec(String(subject))?.[0] ?? ''
      const code = /(?<!\d)\d{6}(?!\d)/.exec(String(text))?.[0] ?? ''
      codes.set(String(to), code).set(`${to} ${reference}`, code)
      since = Number(at)
    }
  }
  return async (address, reference) => {
    reading = reading.then(read)
    await reading
    return codes.get(reference === undefined ? address : `${address} ${reference}`) ?? ''
  }
}

export type CrowdOptions = {
  readonly accounts: readonly Account[]
  readonly random: () => number
  /** Milliseconds that a person takes to type a code, on average. */
  readonly typing: number
  readonly problems: Problems
}

/** A right code, a wrong one before it, and both again where the guard refuses the first tokens. */
const MOST_ANSWERS = 4

/** People who sign in all along, each at a browser of their own. */
export class Crowd {
  readonly #pool: LocalUserPool
  readonly #accounts: readonly Account[]
  readonly #random: () => number
  readonly #typing: number
  readonly #problems: Problems
  readonly #codeOf: ReturnType<typeof mailReader>
  readonly #busy = new Set<Account>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #loops: readonly Promise<void>[]
  #flows: readonly app.AppFlow[] = ['CUSTOM_WITH_SRP']
  #isOver = false
  signIns = 0
  firstSignIns = 0

  constructor(
    pool: LocalUserPool,
    people: readonly app.AppUser[],
    { accounts, random, typing, problems }: CrowdOptions,
  ) {
    this.#pool = pool
    this.#accounts = accounts
    this.#random = random
    this.#typing = typing
    this.#problems = problems
    this.#codeOf = mailReader(pool)
    this.#loops = people.map(person => this.#comeAndGo(person))
  }

  /** From now on apps start these flows. Returns when the sign-ins that began before are over. */
  async use(...flows: readonly app.AppFlow[]): Promise<void> {
    this.#flows = flows
    await Promise.all(this.#underWay)
  }

  /** Waits for so many sign-ins more. */
  async waitFor(signIns: number): Promise<void> {
    const enough = this.signIns + signIns
    while (this.signIns < enough) await Promise.race(this.#underWay)
  }

  async leave(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#loops)
  }

  async #comeAndGo(person: app.AppUser): Promise<void> {
    while (!this.#isOver) {
      const visit = this.#visit(person)
      this.#underWay.add(visit)
      await visit.catch((error: unknown) => this.#problems.add(String(error)))
      this.#underWay.delete(visit)
    }
  }

  async #visit(person: app.AppUser): Promise<void> {
    const account = this.#one(this.#accounts.filter(it => !this.#busy.has(it)))
    const flow = this.#one(this.#flows)
    if (account === undefined || flow === undefined) throw new Error('There are too few users.')
    this.#busy.add(account)
    const driver = person.driver(flow)
    const { username, isNew } = account
    let state = await driver.signIn({ username, password: account.password })
    let asked = 0
    let answers = 0
    let mistypes = this.#random() < 0.1
    while (state.step === 'new-password' || state.step === 'code') {
      if (await person.hasTokens()) this.#problems.add('Tokens before the second factor.')
      if (state.step === 'new-password') {
        account.isNew = false
        account.password = NEW_PASSWORD
        state = await driver.submitNewPassword(NEW_PASSWORD)
        continue
      }
      if (state.reason !== 'wrong-code') asked += 1
      answers += 1
      if (answers > MOST_ANSWERS) break
      // A trigger that Cognito calls again sends another mail: the reference says which one counts.
      const code = await this.#codeOf(username, state.reference)
      await sleep(this.#typing * (0.5 + this.#random()))
      state = await driver.submitCode(mistypes ? String((Number(code) + 1) % 1e6).padStart(6, '0') : code)
      mistypes = false
    }
    if (state.step !== 'signed-in')
      this.#problems.add(`A sign-in ended in ${state.step === 'failed' ? state.reason : state.step}.`)
    // The guard cannot know of the factor where tokens come right behind a new password, so a second code follows.
    const { afterNewPassword, afterNativeFactor } = this.#pool.faults
    const isGuarded =
      isNew && (flow === 'USER_SRP_AUTH' || [afterNewPassword, afterNativeFactor].includes('tokens'))
    if (asked !== 1 && !(isGuarded && asked === 2)) this.#problems.add(`Somebody was asked ${asked} times.`)
    await driver.signOut()
    this.signIns += 1
    if (isNew) this.firstSignIns += 1
    this.#busy.delete(account)
  }

  #one<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#random() * items.length)]
  }
}

/** Each with an Amplify of its own: the module is loaded once for each. */
export async function peopleOf(pool: LocalUserPool, atOnce: number, folder: string): Promise<app.AppUser[]> {
  const outfile = join(folder, 'app-user.mjs')
  const entry = `export * from './bench/app-user.ts'\nexport { default } from ${JSON.stringify(AMPLIFY_SRP_FILE)}`
  await build({
    stdin: { contents: entry, resolveDir: process.cwd() },
    bundle: true,
    platform: 'browser',
    target: 'node20',
    format: 'esm',
    outfile,
  })
  const people: app.AppUser[] = []
  for (let number = 0; number < atOnce; number += 1) {
    const module: typeof app & AmplifySrp = await import(`${pathToFileURL(outfile)}?${number}`)
    computePowersByOpenSsl(module.default)
    people.push(module.appUser(pool))
  }
  return people
}
