import { RelayError } from '#shared/errors.ts';

/** An existing secret that the relay does not own, at the name of a target. */
interface Foreign {
  /** Name of the secret. */
  readonly name: string;
  /** Title of the item to deliver; undefined if it is not known. */
  readonly for: string | undefined;
  /** Command that hands the secret over to the relay. */
  readonly command: string;
}

/** The `SecretForeign` error for an existing secret with another owner, with the command that hands it over. */
export const foreignSecret = ({ name, for: item, command }: Foreign): RelayError =>
  new RelayError(
    'SecretForeign',
    `The secret ${name}${item === undefined ? '' : `, the target of ${item},`} exists and is not owned by the relay, so it was not changed. To hand it over, run: ${command}`,
  );
