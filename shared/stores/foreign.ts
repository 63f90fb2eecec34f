import { RelayError } from '#shared/errors.ts';

/** An existing secret that the relay does not own, at the name of a target. */
interface Foreign {
  /** Name of the secret. */
  readonly name: string;
  /** Title of the item to deliver; undefined if it is not known. */
  readonly for: string | undefined;
  /** Command that hands the secret over to the relay. */
  readonly command: string;
  /** It is scheduled for deletion. */
  readonly retired?: true | undefined;
  /** It is a replica of a secret in this region. */
  readonly replicaOf?: string | undefined;
}

/** The `SecretForeign` error for an existing secret with another owner, with the command that hands it over. */
export const foreignSecret = ({ name, for: item, command, retired, replicaOf }: Foreign): RelayError => {
  const secret = `The secret ${name}${item === undefined ? '' : `, the target of ${item},`}`;
  if (replicaOf !== undefined) {
    return new RelayError(
      'SecretForeign',
      `${secret} is a replica of the secret of that name in ${replicaOf} and follows it, so it was not changed. Deliver under another name. To make it a secret of its own, run: ${command}`,
    );
  }
  const message = retired
    ? `${secret} is not owned by the relay and is scheduled for deletion, so it was not changed. Wait until it is deleted; the next run then creates a new one. To restore it and hand it over instead, run: ${command}`
    : `${secret} exists and is not owned by the relay, so it was not changed. To hand it over, run: ${command}`;
  return new RelayError('SecretForeign', message);
};
