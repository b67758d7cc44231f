// The panel "What happened": requests and trigger calls as arrows between browser, Cognito, triggers and mailbox.
import { byId, make } from './elements.ts'
import { at, type Call, textAt } from './local-user-pool.ts'
import type { TEXTS } from './texts.ts'

type Texts = (typeof TEXTS)['en']

const LANES = ['browser', 'pool', 'triggers', 'mailbox'] as const
type Lane = (typeof LANES)[number]

/** One arrow. `key` stays the same while the call that it stands for goes on. */
interface Arrow {
  readonly key: string
  readonly from: Lane
  readonly to: Lane
  readonly words: string
  readonly name: string
  readonly note: string
  readonly tone: 'plain' | 'good' | 'bad'
  readonly detail: unknown
}

export interface SequenceDiagram {
  /** Takes calls in, old ones changed or new ones. */
  add(calls: readonly Call[]): void
  /** Shows only what comes from now on. */
  begin(): void
  /** Shows what came since the last sign-in began. */
  showLastSignIn(): void
  render(texts: Texts): void
}

export function createSequenceDiagram(): SequenceDiagram {
  const list = byId('calls', HTMLOListElement)
  const empty = byId('no-calls', HTMLParagraphElement)
  const calls = new Map<number, Call>()
  const drawn = new Map<string, { item: HTMLLIElement; content: string }>()
  let firstNumber = 1

  return {
    add: added => {
      for (const call of added) calls.set(call.number, call)
    },
    begin: () => {
      firstNumber = Math.max(0, ...calls.keys()) + 1
    },
    showLastSignIn: () => {
      const begins = [...calls.values()].filter(({ name }) => name === 'InitiateAuth')
      firstNumber = Math.max(1, ...begins.map(({ number }) => number))
    },
    render: texts => {
      const shown = [...calls.values()]
        .filter(({ number }) => number >= firstNumber)
        .sort((a, b) => a.number - b.number)
      const arrows = arrowsOf(shown, texts)
      const keys = new Set(arrows.map(({ key }) => key))
      for (const [key, { item }] of drawn) {
        if (keys.has(key)) continue
        item.remove()
        drawn.delete(key)
      }
      for (const [index, arrow] of arrows.entries()) {
        const content = JSON.stringify(arrow)
        const before = drawn.get(arrow.key)
        if (before?.content === content && list.children[index] === before.item) continue
        const item = before?.content === content ? before.item : draw(arrow)
        before?.item.remove()
        list.insertBefore(item, list.children[index] ?? null)
        drawn.set(arrow.key, { item, content })
      }
      empty.hidden = arrows.length > 0
    },
  }
}

function arrowsOf(calls: readonly Call[], texts: Texts): readonly Arrow[] {
  let lastReference = ''
  return calls
    .filter(({ kind }) => kind === 'request')
    .flatMap(request => {
      const triggers = calls
        .filter(call => call.kind === 'trigger' && call.requestNumber === request.number)
        .flatMap(trigger => {
          const arrows = triggerArrows(trigger, lastReference, texts)
          lastReference = referenceOf(trigger) || lastReference
          return arrows
        })
      const answered = request.durationMs === undefined ? [] : [answerArrow(request, texts)]
      return [requestArrow(request, texts), ...triggers, ...answered]
    })
}

function requestArrow(request: Call, texts: Texts): Arrow {
  const challenge = textAt(request.input, 'ChallengeName')
  const resend = textAt(request.input, 'ClientMetadata', 'action') === 'resend'
  const what = texts.callNames[resend ? 'resend' : challenge] ?? challenge
  const words = texts.callNames[request.name] ?? request.name
  return {
    key: `${request.number} asked`,
    from: 'browser',
    to: 'pool',
    words: what === '' ? words : `${words}: ${what}`,
    name: `${request.name} ${challenge || textAt(request.input, 'AuthFlow')}`.trim(),
    note: request.durationMs === undefined ? texts.running : '',
    tone: 'plain',
    detail: request.input,
  }
}

function answerArrow(request: Call, texts: Texts): Arrow {
  const challenge = textAt(request.answer, 'ChallengeName')
  const tokens = at(request.answer, 'AuthenticationResult') !== undefined
  const meaning = tokens ? 'tokens' : challenge || 'done'
  return {
    key: `${request.number} answered`,
    from: 'pool',
    to: 'browser',
    words: request.error ?? texts.replies[meaning] ?? meaning,
    name: tokens ? 'AuthenticationResult' : challenge,
    note: texts.takes(request.durationMs ?? 0),
    tone: request.error !== undefined ? 'bad' : tokens ? 'good' : 'plain',
    detail: request.error ?? request.answer,
  }
}

function triggerArrows(call: Call, lastReference: string, texts: Texts): readonly Arrow[] {
  const question = texts.callNames[call.name] ?? call.name
  const { meaning, tone } = meaningOf(call)
  const answer = texts.answers[meaning] ?? meaning
  const trigger: Arrow = {
    key: `${call.number} trigger`,
    from: 'pool',
    to: 'triggers',
    words: answer === '' ? question : `${question} — ${answer}`,
    name: call.name,
    note: [
      call.attempt > 1 ? texts.attempt(call.attempt) : '',
      call.durationMs === undefined ? texts.running : texts.takes(call.durationMs),
    ]
      .filter(note => note !== '')
      .join(', '),
    tone,
    detail: call.error ?? at(call.answer, 'response') ?? call.input,
  }
  const reference = referenceOf(call)
  if (reference === '' || reference === lastReference) return [trigger]
  const mail: Arrow = {
    key: `${call.number} mail`,
    from: 'triggers',
    to: 'mailbox',
    words: texts.mailSent,
    name: reference,
    note: '',
    tone: 'plain',
    detail: at(call.answer, 'response', 'publicChallengeParameters'),
  }
  return [trigger, mail]
}

function meaningOf(call: Call): { meaning: string; tone: Arrow['tone'] } {
  if (call.error !== undefined) return { meaning: 'failed', tone: 'bad' }
  if (call.durationMs === undefined) return { meaning: '', tone: 'plain' }
  const response = at(call.answer, 'response')
  switch (call.name) {
    case 'DefineAuthChallenge':
      if (at(response, 'issueTokens') === true) return { meaning: 'tokens', tone: 'good' }
      if (at(response, 'failAuthentication') === true) return { meaning: 'refused', tone: 'bad' }
      return { meaning: textAt(response, 'challengeName'), tone: 'plain' }
    case 'CreateAuthChallenge':
      return { meaning: textAt(response, 'publicChallengeParameters', 'reason'), tone: 'plain' }
    case 'VerifyAuthChallengeResponse':
      return at(response, 'answerCorrect') === true
        ? { meaning: 'yes', tone: 'good' }
        : { meaning: 'no', tone: 'plain' }
    default:
      return { meaning: 'yes', tone: 'good' }
  }
}

/** A reference that is another than that of the round before stands for a mail. */
function referenceOf(call: Call): string {
  return textAt(call.answer, 'response', 'publicChallengeParameters', 'reference')
}

function draw(arrow: Arrow): HTMLLIElement {
  const from = LANES.indexOf(arrow.from)
  const to = LANES.indexOf(arrow.to)
  const summary = make(
    'summary',
    {},
    make('span', { class: 'words' }, arrow.words),
    ' ',
    make('code', {}, arrow.name),
    ' ',
    make('span', { class: 'note' }, arrow.note),
    make('span', { class: 'arrow', 'aria-hidden': 'true' }),
  )
  const detail = make('pre', { tabindex: '0' }, JSON.stringify(arrow.detail, null, 2) ?? '')
  return make(
    'li',
    {
      class: `${arrow.tone} ${from < to ? 'forward' : 'back'}`,
      style: `--lane: ${Math.min(from, to)}`,
    },
    make('details', {}, summary, detail),
  )
}
