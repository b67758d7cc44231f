// The panel "Simulate faults": the switches of the local pool, shown as the pool says that they are.
import { byId, onClick, setText } from './elements.ts'
import { changeFaults, type FaultState, fetchFaults } from './local-user-pool.ts'
import type { Texts } from './texts.ts'

const CREATE = 'create-auth-challenge'
/** Longer than the 5 seconds that Cognito waits for a trigger. */
const SLOW_MILLISECONDS = 6000
/** The pool's clock is behind, so this device's looks fast. */
const WRONG_CLOCK_SECONDS = -600

type Change = Readonly<Record<string, unknown>>

/** What a checkbox does. What only waits to happen can be taken back with everything else that waits, not alone. */
interface Switch {
  readonly id: string
  isOn(faults: FaultState): boolean
  readonly on: Change
  readonly off: Change | 'forget-what-waits'
}

const SWITCHES: readonly Switch[] = [
  {
    id: 'fault-lost-answer',
    isOn: ({ answersToLose }) => answersToLose.length > 0,
    on: { dropNextAnswer: 'RespondToAuthChallenge' },
    off: 'forget-what-waits',
  },
  {
    id: 'fault-slow-trigger',
    isOn: ({ slowTriggers }) => slowTriggers.length > 0,
    on: { delayTrigger: { trigger: CREATE, milliseconds: SLOW_MILLISECONDS, attempts: 1 } },
    off: 'forget-what-waits',
  },
  {
    id: 'fault-refuse-mail',
    isOn: ({ refuseMail }) => refuseMail,
    on: { refuseMail: true },
    off: { refuseMail: false },
  },
  {
    id: 'fault-wrong-clock',
    isOn: ({ clockOffset }) => clockOffset !== 0,
    on: { clockOffset: WRONG_CLOCK_SECONDS },
    off: { clockOffset: 0 },
  },
]

export interface FaultPanel {
  /** Asks the pool for the state of the switches, when the panel is open or something is on. */
  refresh(): Promise<void>
  render(texts: Texts): void
}

export function createFaultPanel(): FaultPanel {
  const panel = byId('faults', HTMLDetailsElement)
  const badge = byId('faults-on', HTMLSpanElement)
  const status = byId('faults-status', HTMLParagraphElement)
  const afterNewPassword = byId('fault-new-password', HTMLSelectElement)
  const boxes = SWITCHES.map(each => ({ ...each, box: byId(each.id, HTMLInputElement) }))
  let texts: Texts | undefined
  let faults: FaultState | undefined
  let note: 'expired' | 'failed' | undefined
  /** Rises with each change: an answer to an earlier question is out of date. */
  let changes = 0
  /** Changes that the pool has not answered yet: the switches stand as the person wants them. */
  let underWay = 0

  for (const { box, ...each } of boxes) {
    box.addEventListener('change', () => void change(box.checked ? each.on : offChange(each)))
  }
  afterNewPassword.addEventListener('change', () => void change({ afterNewPassword: afterNewPassword.value }))
  onClick(byId('fault-expire', HTMLButtonElement), () => void change({ expireSessions: true }, 'expired'))
  onClick(byId('fault-reset', HTMLButtonElement), () => void change({ reset: true }))
  panel.addEventListener('toggle', () => void refresh())

  /** Forgetting what waits takes a reset: everything else that is on is set again. */
  function offChange(each: Switch): Change {
    if (each.off !== 'forget-what-waits') return each.off
    const others = boxes.filter(({ id, box }) => id !== each.id && box.checked)
    return Object.assign(
      { reset: true, afterNewPassword: afterNewPassword.value },
      ...others.map(({ on }) => on),
    )
  }

  async function change(request: Change, done?: 'expired'): Promise<void> {
    changes += 1
    underWay += 1
    const answer = await changeFaults(request).catch(() => undefined)
    underWay -= 1
    note = answer ? done : 'failed'
    if (answer && underWay === 0) show(answer)
    else await refresh()
  }

  async function refresh(): Promise<void> {
    const nothingToSee = faults !== undefined && !panel.open && countOf(faults) === 0
    if (nothingToSee) return
    const number = changes
    const answer = await fetchFaults().catch(() => undefined)
    if (answer && number === changes && underWay === 0) show(answer)
    else draw()
  }

  function show(answer: FaultState): void {
    faults = answer
    draw()
  }

  function draw(): void {
    if (!texts) return
    setText(status, note === undefined ? '' : texts.faultNote[note])
    if (!faults || underWay > 0) return
    for (const { box, isOn } of boxes) box.checked = isOn(faults)
    afterNewPassword.value = faults.afterNewPassword
    const on = countOf(faults)
    setText(badge, on === 0 ? '' : texts.faultsOn(on))
  }

  function countOf(state: FaultState): number {
    return boxes.filter(({ isOn }) => isOn(state)).length
  }

  return {
    refresh,
    render: next => {
      texts = next
      draw()
    },
  }
}
