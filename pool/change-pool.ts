// The work of the commands attach, fix and detach: what they are to change, and what to run afterwards.
import type { Terminal } from '../command/terminal.ts'
import { applyPlan } from './apply-plan.ts'
import { planAttach } from './attach.ts'
import { type Aws, awsClients } from './aws.ts'
import { knownFindings, namedArns, readFacts } from './check-pool.ts'
import { type DetachOptions, nextSteps, planDetach } from './detach.ts'
import { findings, USER_FINDING_IDS } from './findings.ts'
import { planFix } from './fix.ts'
import { untilAborted } from './interruption.ts'
import type { Plan } from './plan.ts'
import { regionOfPool, userPoolIdOf } from './pool-id.ts'
import { listOf, type PoolValues, usageError } from './pool-options.ts'
import { arnsOfStack } from './trigger-functions.ts'

type ChangeCommand = 'attach' | 'fix' | 'detach'

/** @returns the exit code */
export async function changePool(
  command: ChangeCommand,
  more: readonly string[],
  values: PoolValues,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<0> {
  const aws = awsClients(regionOfPool(userPoolIdOf(values)))
  const plan = await untilAborted(signal, planFor(command, more, aws, values, terminal))
  const steps = () => (command === 'detach' ? nextSteps(plan, detachOptions(values)) : Promise.resolve([]))
  return applyPlan(aws, plan, { ...values, dryRun: values['dry-run'] }, terminal, signal, steps)
}

async function planFor(
  command: ChangeCommand,
  more: readonly string[],
  aws: Aws,
  values: PoolValues,
  terminal: Terminal,
): Promise<Plan> {
  if (command === 'attach') return planAttach(aws, await attachOptions(aws, values))
  if (command === 'detach') return planDetach(aws, detachOptions(values))
  const ids = knownFindings(more.flatMap(listOf))
  if (ids.length === 0) throw usageError('Missing argument: the finding to fix.')
  // Findings about users are the only ones that need all of them.
  const sample = ids.some(id => USER_FINDING_IDS.includes(id)) ? undefined : 1
  const found = findings(await readFacts(aws, values, terminal, sample))
  return planFix(aws, found, { userPoolId: userPoolIdOf(values), ids, clientIds: listOf(values.clients) })
}

function detachOptions(values: PoolValues): DetachOptions {
  if (values.backup === undefined) {
    throw usageError('Missing required option: --backup FILE, the file that attach, fix or migrate wrote.')
  }
  return {
    userPoolId: userPoolIdOf(values),
    backupFile: values.backup,
    everything: values.everything,
    replace: values.replace,
    removeTriggers: values['remove-triggers'],
    addSrp: listOf(values['add-srp']),
  }
}

async function attachOptions(aws: Aws, values: PoolValues) {
  const userPoolId = userPoolIdOf(values)
  const named = namedArns(values)
  const stackName = values['stack-name']
  if (stackName !== undefined && Object.keys(named).length > 0) {
    throw usageError('Pass either --stack-name or the ARNs, not both.')
  }
  if (stackName === undefined && Object.keys(named).length === 0) {
    throw usageError(
      'Missing required option: --stack-name NAME, or --define-arn, --create-arn, --verify-arn and --pre-token-arn.',
    )
  }
  const clientIds = listOf(values.clients)
  if (values['add-flow'] && clientIds.length === 0) {
    throw usageError('Missing required option: --clients ID,ID, the app clients that --add-flow is for.')
  }
  const arns = stackName === undefined ? named : await arnsOfStack(aws, stackName)
  return {
    userPoolId,
    arns,
    stackName,
    clientIds,
    addFlow: values['add-flow'],
    replace: values.replace,
    guardAll: values['guard-all'],
  }
}
