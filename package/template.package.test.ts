// The template against CloudFormation's own schemas and rules, which take longer to load than all other tests of the template.
import { RegoEngine, TemplateFile, type ValidateConfig } from '@aws/cloudformation-validate'
import { afterAll, describe, expect, test } from '@jest/globals'

describe('CloudFormation accepts the template', () => {
  const engine = new RegoEngine()
  afterAll(() => engine.free())

  /** What the rules say at level WARN and above, less what is meant so. */
  function faults(config: ValidateConfig, ...accepted: string[]): string[] {
    const { diagnostics } = engine.validateDetailed(new TemplateFile('template.yaml'), {
      severityLevel: 'WARN',
      ...config,
    })
    return diagnostics
      .map(it => `${it.ruleId} ${it.message}`)
      .filter(it => !accepted.some(rule => it.startsWith(rule)))
  }

  // W3002: `aws cloudformation package` puts the S3 address in place of a path. W2509: a version id is not a secret.
  const MEANT = ['W3002', "W2509 Parameter 'CodeSecretVersionId'"]

  test('with an alarm topic', () => {
    const parameterOverrides = { AlarmTopicArn: 'arn:aws:sns:eu-central-1:111122223333:alarms' }
    expect(faults({ parameterOverrides }, ...MEANT)).toEqual([])
  })

  test('without one', () => {
    // F3033: the rule looks at the branch that the condition HasAlarmTopicArn rules out.
    expect(faults({}, ...MEANT, 'F3033 length 0 is below minimum 1')).toEqual([])
  })

  test('and the rules do find a fault', () => {
    expect(faults({})).not.toEqual([])
  })
})
