import tab from '@bomb.sh/tab/commander';
import { Command, CommanderError, Option } from 'commander';
import { showText } from '#shared/domain/text.ts';
import { asRelayError } from '#shared/errors.ts';
import packageJson from '../package.json' with { type: 'json' };
import type { ExplainOptions } from './explain.ts';
import type { Output } from './output.ts';
import type { PlanCommandOptions } from './plan/plan.ts';
import type { RoleOptions } from './role.ts';
import type { ValidateOptions } from './validate.ts';

const json = () => new Option('--json', 'print JSON').default(false, 'off');

/** Each verb is imported when it is used, so that help and completion start fast. */
const createProgram = (output: Output, end: (code: number) => void): Command => {
  const program = new Command('pam-relay')
    .description(
      'Checks a relay.yaml, plans its syncs, explains the names of its secrets, and prints roles of other accounts.',
    )
    .version(packageJson.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => output.err(text.trimEnd()),
      getOutHelpWidth: () => output.columns,
      getErrHelpWidth: () => output.columns,
    });

  program
    .command('validate')
    .summary('list all problems and warnings of a relay.yaml')
    .description('Lists all problems and warnings of a relay.yaml. The exit code is 1 if there are problems.')
    .argument('[file]', 'the configuration', 'relay.yaml')
    .addOption(json())
    .action(async (file: string, options: ValidateOptions) => {
      const { validate } = await import('./validate.ts');
      end(validate(file, options, output));
    });

  program
    .command('plan')
    .summary('show what a run of each sync would do now, or the waves of a rotation')
    .description(
      'Shows what a run of each sync would do now: compares the lists of the vault and of the store, reads no value, and writes nothing. With --rotation, shows the waves of rotations, and how long they last at least.',
    )
    .argument('[file]', 'the configuration', 'relay.yaml')
    .option('--sync <name...>', 'plan only these syncs')
    .option('--rotation <name...>', 'plan these rotations instead: waves and duration')
    .option('--stack <name>', 'the deployed stack, for the memory of its syncs')
    .option('--credentials-secret <name>', 'secret with the vault credentials')
    .addOption(json())
    .addHelpText(
      'after',
      `
Without --credentials-secret, the vault credentials of a connection come from
the variable PAM_RELAY_CREDENTIALS_ and its name in capitals, such as
PAM_RELAY_CREDENTIALS_VAULT, in the format of its bootstrap secret.`,
    )
    .action(async (file: string, options: PlanCommandOptions) => {
      const { plan } = await import('./plan/plan.ts');
      end(await plan(file, options, output));
    });

  program
    .command('explain')
    .summary('show the rule and the item of a secret name, or the reverse')
    .description('Shows which rule and item the name of a secret belongs to, and how it is encoded.')
    .argument('[name]', 'the name of a secret')
    .option('--item <label=text...>', 'name the secret of this item instead')
    .option('--file <file>', 'the configuration', 'relay.yaml')
    .addOption(json())
    .action(async (name: string | undefined, options: ExplainOptions) => {
      const { explain } = await import('./explain.ts');
      end(explain(name, options, output));
    });

  program
    .command('role')
    .summary('print a template of the role in another AWS account')
    .description('Prints the CloudFormation template of the role that the functions assume for a store with roleArn.')
    .argument('[file]', 'the configuration', 'relay.yaml')
    .option('--account <number>', 'the account of the stack; by default that of your AWS credentials')
    .option('--region <code>', 'the region of the stack; by default that of your AWS configuration')
    .option('--role <arn>', 'the role, if the configuration has several')
    .action(async (file: string, options: RoleOptions) => {
      const { role } = await import('./role.ts');
      end(await role(file, options, output));
    });

  tab(program, { completionCommandName: 'completion' });
  return program;
};

/** Runs the command with its arguments. Returns the exit code: 0, or 1 for problems and errors. */
export const runProgram = async (argv: readonly string[], output: Output): Promise<number> => {
  let code = 0;
  const program = createProgram(output, (ended) => {
    code = ended;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (thrown) {
    // Commander has printed its own errors, and help.
    if (thrown instanceof CommanderError) return thrown.exitCode;
    const { name, message } = asRelayError(thrown, 'The command');
    output.err(`pam-relay: ${name}: ${showText(message)}`);
    return 1;
  }
};
