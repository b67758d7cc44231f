// What a template or a Terraform module deploys, in one form, so that tests can compare them.
import {
  isJsonObject,
  type Json,
  type JsonObject,
  member,
  objectAt,
  stringAt,
  stringsAt,
} from '../command/json.ts'

const FILES = [
  'define-auth-challenge',
  'create-auth-challenge',
  'verify-auth-challenge-response',
  'pre-token-generation',
] as const

/** Maps and lists by the names of the functions, the keys of the table, and the names of the metrics and the alarms. */
export type Deployment = {
  readonly functions: JsonObject
  readonly tables: JsonObject
  readonly metrics: JsonObject
  readonly alarms: JsonObject
}

/** What a resolved CloudFormation template (`resolveTemplate`) deploys. */
export function deploymentOf(resolved: Json): Deployment {
  const resources = Object.entries(objectAt(resolved, 'Resources')).flatMap(([id, resource]) =>
    isJsonObject(resource)
      ? [{ id, type: stringAt(resource, 'Type'), it: objectAt(resource, 'Properties') }]
      : [],
  )
  const ofType = (type: string) => resources.filter(resource => resource.type === type)
  const byReference = (reference: Json) => resources.find(({ id }) => `arn:of:${id}` === reference)?.it

  const statementsOf = (role: Json): Json => {
    const inline = list(member(byReference(role), 'Policies'))
    const separate = ofType('AWS::IAM::Policy').filter(({ it }) => list(it['Roles']).includes(role))
    return [...inline, ...separate.map(({ it }) => it)]
      .flatMap(policy => list(member(policy, 'PolicyDocument', 'Statement')))
      .map(statement => ({
        effect: member(statement, 'Effect'),
        actions: texts(member(statement, 'Action')).toSorted(),
        resources: texts(member(statement, 'Resource'))
          .map(arn =>
            arn
              .replace(/^arn:of:.*log.*$/i, 'its log group')
              .replace(/^arn:of:.*limit-?table.*$/i, 'its limit table'),
          )
          .toSorted(),
        condition: member(statement, 'Condition'),
      }))
  }

  const functions = ofType('AWS::Lambda::Function').map(({ id, it }) => {
    const permissions = ofType('AWS::Lambda::Permission').filter(
      permission => permission.it['FunctionName'] === `arn:of:${id}`,
    )
    return [
      fileOf(id),
      {
        runtime: member(it, 'Runtime'),
        handler: member(it, 'Handler'),
        architectures: member(it, 'Architectures'),
        memory: member(it, 'MemorySize'),
        timeout: member(it, 'Timeout'),
        fixedName: member(it, 'FunctionName'),
        logFormat: member(it, 'LoggingConfig', 'LogFormat'),
        logRetention: String(member(byReference(member(it, 'LoggingConfig', 'LogGroup')), 'RetentionInDays')),
        settings: Object.keys(objectAt(it, 'Environment', 'Variables')).toSorted(),
        permissions: permissions.map(permission => ({
          action: member(permission.it, 'Action'),
          principal: member(permission.it, 'Principal'),
          account: member(permission.it, 'SourceAccount'),
          pool: String(member(permission.it, 'SourceArn')).replace(/^.*userpool\//, ''),
        })),
        managedPolicies: list(member(byReference(member(it, 'Role')), 'ManagedPolicyArns')),
        rights: statementsOf(member(it, 'Role')),
      },
    ] as const
  })

  const metrics = ofType('AWS::Logs::MetricFilter').map(({ it }) => {
    const [transformation = null] = list(member(it, 'MetricTransformations'))
    return [
      stringAt(transformation, 'MetricName') ?? '',
      {
        function: fileOf(String(member(it, 'LogGroupName'))),
        namespace: namespaceOf(member(transformation, 'MetricNamespace')),
        pattern: member(it, 'FilterPattern'),
        value: member(transformation, 'MetricValue'),
        unit: member(transformation, 'Unit'),
        default: member(transformation, 'DefaultValue'),
        dimensions: Object.fromEntries(
          list(member(transformation, 'Dimensions')).map(dimension => [
            String(member(dimension, 'Key')),
            member(dimension, 'Value'),
          ]),
        ),
      },
    ] as const
  })

  const alarms = ofType('AWS::CloudWatch::Alarm').map(({ it }) => {
    const [dimension = null] = list(member(it, 'Dimensions'))
    const name = stringAt(dimension, 'Value')
    const metric = stringAt(it, 'MetricName') ?? ''
    return [
      name === undefined ? metric : `${metric} of ${fileOf(name)}`,
      {
        namespace: namespaceOf(member(it, 'Namespace')),
        statistic: member(it, 'Statistic'),
        period: member(it, 'Period'),
        evaluationPeriods: member(it, 'EvaluationPeriods'),
        threshold: String(member(it, 'Threshold')),
        comparison: member(it, 'ComparisonOperator'),
        missing: member(it, 'TreatMissingData'),
        actions: list(member(it, 'AlarmActions')).length,
        okActions: list(member(it, 'OKActions')).length,
      },
    ] as const
  })

  const tables = ofType('AWS::DynamoDB::Table').map(({ it }) => {
    const keys = list(member(it, 'KeySchema'))
    return [
      keys.map(key => String(member(key, 'AttributeName'))).join(' '),
      {
        keys,
        attributes: list(member(it, 'AttributeDefinitions')),
        billing: member(it, 'BillingMode'),
        deletion: member(it, 'TimeToLiveSpecification'),
        encryption: member(it, 'SSESpecification', 'SSEEnabled'),
        fixedName: member(it, 'TableName'),
      },
    ] as const
  })

  return {
    functions: Object.fromEntries(functions),
    tables: Object.fromEntries(tables),
    metrics: Object.fromEntries(metrics),
    alarms: Object.fromEntries(alarms),
  }
}

function fileOf(reference: string): string {
  const letters = reference.toLowerCase()
  const found = FILES.find(file => letters.includes(file.replaceAll('-', '')))
  if (found === undefined) throw new Error(`${reference} belongs to none of the four functions.`)
  return found
}

/** The part after the prefix is the name of the stack, and differs. */
function namespaceOf(namespace: Json): string {
  return String(namespace).replace(/^(cognito-email-code)\/.+$/, '$1/...')
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : []
}

function texts(value: Json): string[] {
  return typeof value === 'string' ? [value] : stringsAt({ value }, 'value')
}
