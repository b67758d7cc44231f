// The card "See the problem": one sign-in with plain Amplify and one with the driver, each submitted twice at once.
import type { Click, DoubleSubmit, DoubleSubmitResult, Way } from './double-submit.ts'
import { byId, disable, make, onClick, setText } from './elements.ts'
import { createUser, type PoolAddress, setPassword } from './local-user-pool.ts'
import type { Texts } from './texts.ts'

const WAYS: readonly Way[] = ['amplify', 'driver']
const PASSWORD = 'Only-for-this-run-1'
/** Longer than the slowest sign-in of the local pool, three slow tries of a trigger included. */
const LONGEST_RUN_MILLISECONDS = 60_000

type Progress = 'not-run' | 'running' | DoubleSubmitResult

export interface ProblemView {
  render(texts: Texts): void
}

/** @param onStart is called before a run begins */
export function createProblemView(
  pool: () => Promise<PoolAddress>,
  onStart: () => Promise<void>,
): ProblemView {
  const button = byId('run-problem', HTMLButtonElement)
  const status = byId('problem-status', HTMLParagraphElement)
  const progress = new Map<Way, Progress>()
  let texts: Texts | undefined

  onClick(button, () => void run())

  async function run(): Promise<void> {
    disable(button, true)
    await onStart()
    progress.clear()
    // One after the other, so that what happened can be read in its order.
    for (const way of WAYS) {
      progress.set(way, 'running')
      draw()
      const failed = (error: unknown): DoubleSubmitResult => [{ result: 'error', text: textOf(error) }]
      progress.set(way, await submitTwice(way).catch(failed))
    }
    disable(button, false)
    draw()
  }

  async function submitTwice(way: Way): Promise<DoubleSubmitResult> {
    const address = await pool()
    const { username } = await createUser()
    await setPassword(address, username, PASSWORD)
    const { endpoint, userPoolId, clientId } = address
    return inWorker({
      way,
      pool: { endpoint, userPoolId, clientId },
      locale: texts?.languageTag ?? 'en',
      user: { username, password: PASSWORD },
    })
  }

  function draw(): void {
    if (!texts) return
    for (const way of WAYS) drawWay(texts, way, progress.get(way) ?? 'not-run')
    const all = WAYS.map(way => progress.get(way) ?? 'not-run')
    const busy = all.includes('running')
    setText(status, busy ? texts.working : all.map(each => verdictOf(each)).join(' '))
  }

  function drawWay(words: Texts, way: Way, state: Progress): void {
    const article = byId(`way-${way}`, HTMLElement)
    const clicks = article.querySelector<HTMLElement>('.clicks')
    const verdict = article.querySelector<HTMLElement>('.verdict')
    const reason = article.querySelector<HTMLElement>('.hint')
    if (!clicks || !verdict || !reason) return
    const results = typeof state === 'string' ? [undefined, undefined] : state
    // It explains what the clicks come to.
    reason.hidden = results.length === 1
    clicks.replaceChildren(
      ...results.flatMap((click, index) => [
        make('dt', {}, results.length > 1 ? words.click(index + 1) : words.beforeClicks),
        make('dd', {}, click === undefined ? '–' : clickText(words, click)),
      ]),
    )
    verdict.dataset['tone'] = toneOf(state)
    // Cognito and Amplify answer in English, whatever the page speaks.
    const isError = typeof state !== 'string' && worstOf(state)?.result === 'error'
    verdict.lang = isError ? 'en' : words.languageTag
    setText(verdict, state === 'not-run' ? words.notRun : verdictOf(state))
  }

  /** The text that an app would show: the first error, if there is one. */
  function verdictOf(state: Progress): string {
    if (!texts || state === 'not-run') return ''
    if (state === 'running') return texts.working
    const worst = worstOf(state)
    if (worst === undefined || worst.result === 'signed-in') return texts.signedInShort
    const sentences: Readonly<Record<string, string>> = texts.failure
    return sentences[worst.text] ?? worst.text
  }

  return {
    render: next => {
      if (texts === next) return
      texts = next
      draw()
    },
  }
}

function worstOf(clicks: DoubleSubmitResult): Click | undefined {
  return (
    clicks.find(({ result }) => result === 'error') ??
    clicks.find(({ result }) => result === 'stopped') ??
    clicks[0]
  )
}

function toneOf(state: Progress): string {
  if (typeof state === 'string') return state
  return worstOf(state)?.result === 'signed-in' ? 'good' : 'bad'
}

function clickText(texts: Texts, click: Click): string {
  switch (click.result) {
    case 'signed-in':
      return texts.signedInShort
    case 'error':
      return texts.clickError
    case 'stopped':
      return click.text
  }
}

function inWorker(job: DoubleSubmit): Promise<DoubleSubmitResult> {
  const worker = new Worker('double-submit.js', { type: 'module' })
  const result = new Promise<DoubleSubmitResult>((resolve, reject) => {
    worker.addEventListener('message', ({ data }: MessageEvent<DoubleSubmitResult>) => resolve(data))
    worker.addEventListener('error', event => reject(new Error(event.message)))
    setTimeout(() => reject(new Error('The sign-in did not end in time.')), LONGEST_RUN_MILLISECONDS)
  })
  worker.postMessage(job)
  return result.finally(() => worker.terminate())
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
