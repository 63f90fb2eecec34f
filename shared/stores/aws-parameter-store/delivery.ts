import { AddTagsToResourceCommand, PutParameterCommand, type SSMClient, type Tag } from '@aws-sdk/client-ssm';
import { askBefore } from '#shared/aws/pacing.ts';
import { RelayError } from '#shared/errors.ts';
import { Secret } from '#shared/secret.ts';
import { markDescription, unmarkedDescription } from '#shared/stores/aws-parameter-store/description.ts';
import { callParameterStore, isRefusal, parameterProblem } from '#shared/stores/aws-parameter-store/errors.ts';
import type { OwnedParameter, Parameters } from '#shared/stores/aws-parameter-store/parameters.ts';
import { TIER_BYTES, type Tier } from '#shared/stores/aws-parameter-store/rules.ts';
import { foreignSecret } from '#shared/stores/foreign.ts';
import type { Delivered, Delivery, SecretStore } from '#shared/stores/store.ts';

const MAX_ATTEMPTS = 3;

export interface DeliveryOptions {
  /** Repeats no call. */
  readonly writer: SSMClient;
  readonly parameters: Parameters;
  /** Tags of new parameters, the owner tag among them. */
  readonly tags: readonly Tag[];
  readonly kmsKeyArn: string | undefined;
  readonly tier: Tier;
  readonly adoption: SecretStore['adoption'];
}

/** A delivery as text that Parameter Store accepts. */
interface TextDelivery extends Omit<Delivery, 'value'> {
  readonly value: Secret;
}

/**
 * Delivers a value: a new parameter in two calls (put, read back), a changed one in four (look up its owner and its
 * newest version, put, read back).
 *
 * Parameter Store has no stages, and no condition on the version that a write replaces. A write is therefore checked
 * before, against the expected stamp, and afterwards: the number of the new version shows whether another writer came
 * in between. The stamp is in the description of the version that the write expects to create. After a race it does not
 * count, so the next run delivers again.
 */
export const createDeliver = (options: DeliveryOptions): SecretStore['deliver'] => {
  const { writer, parameters } = options;

  const deliver = async (delivery: Delivery): Promise<Delivered> => {
    const checked = { ...delivery, value: checkValue(delivery, options.tier) };
    const { expected } = delivery;
    if (expected === 'absent') return create(checked);
    const found = await findOurs(checked);
    if (found !== undefined) return replace(checked, found);
    // An unstamped parameter that no longer exists is created again. One with a stamp was deleted by another writer.
    if (expected === 'unstamped') return create(checked);
    throw overtaken(delivery);
  };

  const create = async (delivery: TextDelivery): Promise<Delivered> => {
    try {
      return await write(delivery, 0);
    } catch (error) {
      if (!isRefusal(error, 'ParameterAlreadyExists')) throw error;
      const found = await findOurs(delivery);
      if (found === undefined) throw error;
      return replace(delivery, found);
    }
  };

  const replace = async (delivery: TextDelivery, { stamp, version }: OwnedParameter): Promise<Delivered> => {
    const { expected } = delivery;
    if (stamp === delivery.stamp) {
      await verify(delivery, version);
      return { changed: false, verified: 'read-back' };
    }
    if (stamp !== (typeof expected === 'string' ? undefined : expected.stamp)) throw overtaken(delivery);
    return write(delivery, version);
  };

  /** Writes the version after this one, 0 for a new parameter, and reads it back. */
  const write = async (delivery: TextDelivery, replaced: number): Promise<Delivered> => {
    const version = replaced + 1;
    const written = await putOnce(delivery, replaced);
    if (written === 1 && replaced > 0) await handOver(delivery);
    if (written !== version) throw parameterProblem('raced', { secret: delivery.name, detail: String(written) });
    try {
      await verify(delivery, version);
    } catch (error) {
      // Without this call, the list shows the stamp as delivered until a verify run.
      if (isUnverified(error)) await withdraw(delivery, version).catch(() => {});
      throw error;
    }
    return { changed: true, verified: 'read-back' };
  };

  /**
   * Writes the value again without a stamp, over a version that does not read back, because AWS changes a description
   * only together with a value. Does nothing if another writer came first.
   */
  const withdraw = async (delivery: TextDelivery, unverified: number): Promise<void> => {
    const found = await findOurs(delivery);
    if (found?.version !== unverified) return;
    const written = await put(delivery, unverified, unmarkedDescription(delivery.description));
    if (written === 1) await handOver(delivery);
  };

  /**
   * Puts a value, and returns the number of its version. A put has no token that AWS could recognise a repetition by.
   * After a lost answer, the parameter shows whether the put had an effect, before it is repeated.
   */
  const putOnce = async (delivery: TextDelivery, replaced: number): Promise<number> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await put(delivery, replaced);
      } catch (error) {
        // With a role that is limited to our tags, AWS refuses to create a parameter where one was deleted.
        const mayBeGone = replaced > 0 && isRefusal(error, 'AccessDeniedException');
        if (!mayBeGone && !isUncertain(error)) throw error;
        const found = await findOurs(delivery);
        if (mayBeGone) throw found === undefined ? overtaken(delivery) : error;
        if (found?.version === replaced + 1 && found.stamp === delivery.stamp) return found.version;
        if ((found?.version ?? 0) !== replaced) throw overtaken(delivery);
        if (attempt === MAX_ATTEMPTS) throw error;
      }
    }
  };

  const put = (
    delivery: TextDelivery,
    replaced: number,
    description = markDescription(delivery.description, delivery.stamp, replaced + 1),
  ): Promise<number> => {
    const { name, value } = delivery;
    const command = new PutParameterCommand({
      Name: name,
      Value: value.reveal(),
      Type: 'SecureString',
      Description: description,
      // Without it, the account's default tier applies, which can cost money.
      Tier: options.tier === 'advanced' ? 'Advanced' : 'Standard',
      ...(options.kmsKeyArn !== undefined && { KeyId: options.kmsKeyArn }),
      // AWS refuses tags for an existing parameter.
      ...(replaced === 0 ? { Overwrite: false, Tags: [...options.tags] } : { Overwrite: true }),
    });
    const call = { action: 'PutParameter', secret: name };
    return callParameterStore(call, writer.send(askBefore(command, delivery.beforeWrite)), (answer) => answer.Version);
  };

  /**
   * Makes a parameter ours that was deleted and that our put created again, without tags. Otherwise it would be foreign
   * from then on.
   */
  const handOver = async ({ name }: TextDelivery): Promise<void> => {
    const command = new AddTagsToResourceCommand({
      ResourceType: 'Parameter',
      ResourceId: name,
      Tags: [...options.tags],
    });
    await callParameterStore({ action: 'AddTagsToResource', secret: name }, writer.send(command), (answer) => answer);
  };

  const verify = async ({ name, value }: TextDelivery, version: number): Promise<void> => {
    const held = await parameters.read(name, version);
    if (held?.equals(value) === true) return;
    throw parameterProblem('readBackMismatch', { secret: name, detail: String(version) });
  };

  /** Undefined for an absent parameter. */
  const findOurs = async ({ name }: TextDelivery): Promise<OwnedParameter | undefined> => {
    const found = await parameters.look(name);
    switch (found.kind) {
      case 'absent':
        return undefined;
      case 'plain':
        throw parameterProblem('plainText', { secret: name });
      case 'foreign':
        throw foreignSecret({ name, for: undefined, command: options.adoption(name) });
      case 'owned':
        return found;
    }
  };

  return deliver;
};

const isUnverified = (error: unknown): boolean => error instanceof RelayError && error.name === 'DeliveryUnverified';

const isUncertain = (error: unknown): boolean => error instanceof RelayError && error.mayHaveHappened;

const checkValue = ({ name, value }: Delivery, tier: Tier): Secret => {
  const content = value.reveal();
  if (typeof content !== 'string' || content === '' || !content.isWellFormed()) {
    throw parameterProblem('notText', { secret: name });
  }
  if (content.includes('{{')) throw parameterProblem('refused', { secret: name });
  const bytes = Buffer.byteLength(content);
  if (bytes > TIER_BYTES.advanced) throw parameterProblem('tooLarge', { secret: name });
  if (bytes > TIER_BYTES[tier]) throw parameterProblem('tooLargeForStandard', { secret: name });
  return new Secret(content);
};

const overtaken = ({ name }: Pick<Delivery, 'name'>): RelayError => parameterProblem('overtaken', { secret: name });
