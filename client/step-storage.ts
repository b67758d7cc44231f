// Stores the step that waits for the user, so that it survives a reload of the page. It holds no secret.
import { codeReasonOf, type PendingStep } from './sign-in-state.ts'

/** Where a step is kept. It may fail in any way: a step that could not be kept is only lost to a reload. */
export interface StepStorage {
  getItem(key: string): Promise<string | null>
  setItem(key: string, value: string): Promise<void>
  removeItem(key: string): Promise<void>
}

export interface SavedStep {
  readonly username: string
  readonly pending: PendingStep
}

const STORAGE_KEY = 'cognito-email-code.step'
/** Amplify drops its session 3 minutes after it came (its signInStore.ts), whatever AuthSessionValidity says. */
const STEP_LIFE_MILLISECONDS = 3 * 60 * 1000

/** Keeps a step, or removes the one that was kept. */
export async function saveStep(storage: StepStorage, step: SavedStep | undefined): Promise<void> {
  try {
    await (step ? storage.setItem(STORAGE_KEY, JSON.stringify(step)) : storage.removeItem(STORAGE_KEY))
  } catch {
    // See StepStorage.
  }
}

/** The step that was kept, if Amplify can still have its session. */
export async function loadStep(storage: StepStorage): Promise<SavedStep | undefined> {
  try {
    const step = savedStepOf((await storage.getItem(STORAGE_KEY)) ?? '')
    return step && Date.now() - step.pending.arrivedAt <= STEP_LIFE_MILLISECONDS ? step : undefined
  } catch {
    return undefined
  }
}

/** Reads back what `JSON.stringify` made of a saved step. Undefined for anything else. */
export function savedStepOf(text: string): SavedStep | undefined {
  const { username, pending } = fieldsOf(parsedJson(text))
  const { signInStep, parameters, missingAttributes, arrivedAt, reason } = fieldsOf(pending)
  if (typeof username !== 'string' || typeof signInStep !== 'string' || typeof arrivedAt !== 'number') return
  const named = Object.entries(fieldsOf(parameters)).filter(([, value]) => typeof value === 'string')
  return {
    username,
    pending: {
      signInStep,
      parameters: Object.fromEntries(named.map(([name, value]) => [name, String(value)])),
      missingAttributes: Array.isArray(missingAttributes) ? missingAttributes.map(String) : [],
      arrivedAt,
      reason: codeReasonOf(reason),
    },
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
