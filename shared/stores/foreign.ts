import { RelayError } from '#shared/errors.ts';

/** A secret that is not ours, where one was to be delivered. */
interface Foreign {
  /** Of the secret. */
  readonly name: string;
  /** What it would have held, as people call it; undefined where that is not known. */
  readonly for: string | undefined;
  /** Hands the secret over, as its store says. */
  readonly command: string;
}

/** The error for a secret that exists and belongs to somebody else: `SecretForeign`, with the command that hands it over. */
export const foreignSecret = ({ name, for: item, command }: Foreign): RelayError =>
  new RelayError(
    'SecretForeign',
    `The secret ${name}${item === undefined ? '' : `, meant for ${item},`} exists and is not the relay's, so it was left alone. To hand it over, run: ${command}`,
  );
