/**
 * The CDK construct of the packed package in an empty project.
 *
 * @jest-environment-options {"installsPackages": true}
 */
import { execFile } from 'node:child_process'
import { readFile, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'
import ts from 'typescript'
import { compilerProblems, MINUTES, packPackage, writeFiles } from '../testing/empty-project.ts'

const run = promisify(execFile)

const packed = await packPackage()

test(
  'a CDK app of either module system deploys the triggers of the installed package',
  async () => {
    const folder = await packed.project('cdk', { type: 'module' }, '@types/node@20')
    // Their installation, of 250 MB, is that of the recipes.
    for (const name of ['aws-cdk-lib', 'constructs'])
      await symlink(resolve('recipes/node_modules', name), join(folder, 'node_modules', name))
    const app = `
    const app = new App()
    const stack = new Stack(app, 'Stack')
    const userPool = UserPool.fromUserPoolId(stack, 'Pool', 'eu-central-1_EXAMPLE00')
    new EmailCode(stack, 'EmailCode', { userPool, fromAddress: 'no-reply@example.com' })
    const { template } = app.synth().getStackByName('Stack')
    const resources = Object.values(template.Resources).map(resource => Object(resource).Type)
    console.log(resources.filter(type => type === 'AWS::Lambda::Function').length)`
    const modules = [
      ['App, Stack', 'aws-cdk-lib'],
      ['UserPool', 'aws-cdk-lib/aws-cognito'],
      ['EmailCode', 'cognito-email-code/cdk'],
    ]
    await writeFiles(folder, {
      'app.mts': `${modules.map(([names, from]) => `import { ${names} } from '${from}'`).join('\n')}${app}`,
      'app.cts': `${modules.map(([names, from]) => `import { ${names} } from '${from}'`).join('\n')}${app}`,
    })
    const options = {
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      lib: ['lib.es2022.d.ts'],
      types: ['node'],
    }
    expect(compilerProblems(folder, ['app.mts', 'app.cts'], options)).toEqual([])
    for (const [source, target, module] of [
      ['app.mts', 'app.mjs', ts.ModuleKind.ESNext],
      ['app.cts', 'app.cjs', ts.ModuleKind.CommonJS],
    ] as const) {
      const code = await readFile(join(folder, source), 'utf8')
      const { outputText } = ts.transpileModule(code, {
        compilerOptions: { module, target: ts.ScriptTarget.ES2022 },
      })
      await writeFiles(folder, { [target]: outputText })
      const { stdout } = await run(process.execPath, [target], { cwd: folder })
      expect([target, Number(stdout)]).toEqual([target, 4])
    }
  },
  6 * MINUTES,
)
