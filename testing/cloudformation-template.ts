// Reads a CloudFormation template and resolves it with given parameters, for tests.
import { isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml'
import { type Json, member, objectAt, stringAt } from '../command/json.ts'

/** A template as JSON, `!Ref x` read as `{ Ref: 'x' }` and `!Name x` as `{ 'Fn::Name': x }`. */
export function readTemplate(yaml: string): Json {
  return toJson(parseDocument(yaml, { logLevel: 'silent' }).contents)
}

function toJson(node: Node | null): Json {
  const value = plain(node)
  const name = node?.tag?.startsWith('!') ? node.tag.slice(1) : undefined
  if (name === undefined) return value
  if (name === 'Ref' || name === 'Condition') return { [name]: value }
  if (name === 'GetAtt' && typeof value === 'string') return { 'Fn::GetAtt': value.split('.') }
  return { [`Fn::${name}`]: value }
}

function plain(node: Node | null): Json {
  if (isMap<Node, Node | null>(node)) {
    return Object.fromEntries(node.items.map(({ key, value }) => [String(plain(key)), toJson(value)]))
  }
  if (isSeq<Node>(node)) return node.items.map(toJson)
  if (!isScalar(node)) return null
  const { value } = node
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : String(value)
}

const PSEUDO_PARAMETERS: Record<string, string> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::AccountId': '111122223333',
  'AWS::StackName': 'email-code',
}

/** Stands for what only exists once deployed. */
export const arnOf = (logicalId: string) => `arn:of:${logicalId}`

/** The template with its conditions and functions resolved; parameters not given have their default. */
export function resolveTemplate(template: Json, given: Record<string, string> = {}): Json {
  const conditions = member(template, 'Conditions')
  const parameters = member(template, 'Parameters')

  function reference(name: string): Json {
    if (name === 'AWS::NoValue') return null
    const value = given[name] ?? PSEUDO_PARAMETERS[name]
    if (value !== undefined) return value
    const parameter = member(parameters, name)
    if (parameter === null) return arnOf(name)
    const fallback = member(parameter, 'Default')
    if (fallback === null) throw new Error(`Parameter ${name} has no default and was not given.`)
    return String(fallback)
  }

  function substitute(text: string, variables: Json): string {
    return text.replace(/\$\{([\w:.]+)\}/g, (_, name: string) => {
      const value = member(variables, name)
      return String(value === null ? reference(name.replace(/\.Arn$/, '')) : evaluate(value))
    })
  }

  function call(name: string, value: Json): Json {
    const list = Array.isArray(value) ? value : [value]
    const [first = null, second = null, third = null] = list
    switch (name) {
      case 'Ref':
        return reference(String(value))
      case 'Condition':
        return evaluate(member(conditions, String(value)))
      case 'Fn::If':
        return evaluate(member(conditions, String(first))) === true ? evaluate(second) : evaluate(third)
      case 'Fn::Equals':
        return evaluate(first) === evaluate(second)
      case 'Fn::Not':
        return evaluate(first) !== true
      case 'Fn::And':
        return list.every(condition => evaluate(condition) === true)
      case 'Fn::GetAtt':
        return arnOf(String(first))
      case 'Fn::Sub':
        return substitute(String(first), second)
      case 'Fn::Join':
        return [evaluate(second)].flat().join(String(first))
      case 'Fn::Split':
        return String(evaluate(second)).split(String(first))
      case 'Fn::Select':
        return [evaluate(second)].flat()[Number(first)] ?? null
      default:
        throw new Error(`The test reader of templates does not know ${name}.`)
    }
  }

  function evaluate(value: Json): Json {
    if (Array.isArray(value)) return value.map(evaluate).filter(item => item !== null)
    if (value === null || typeof value !== 'object') return value
    const [[name, argument] = ['', null], ...more] = Object.entries(value)
    if (
      more.length === 0 &&
      /^(Ref|Condition|Fn::\w+)$/.test(name) &&
      !(name === 'Condition' && typeof argument !== 'string')
    ) {
      return call(name, argument)
    }
    const members = Object.entries(value).map(([key, item]) => [key, evaluate(item)] as const)
    return Object.fromEntries(members.filter(([, item]) => item !== null))
  }

  const made = Object.entries(objectAt(template, 'Resources')).filter(([, resource]) => {
    const condition = stringAt(resource, 'Condition')
    return condition === undefined || evaluate(member(conditions, condition)) === true
  })
  return evaluate({ Resources: Object.fromEntries(made), Outputs: member(template, 'Outputs') })
}
