import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { RelayKey } from '#infra/constructs/relay-key.ts';
import type { Permission } from '#shared/workflows/grants.ts';

export interface AlertTopicProps {
  readonly key: RelayKey;
  readonly emails: readonly string[];
}

/** Topic for alarms and for the reports of PARTIAL and FAILED runs. */
export class AlertTopic extends Construct {
  readonly topic: Topic;
  readonly #key: RelayKey;

  constructor(scope: Construct, id: string, { key, emails }: AlertTopicProps) {
    super(scope, id);
    this.#key = key;
    this.topic = new Topic(this, 'Topic', {
      topicName: `${Stack.of(this).stackName}-alerts`,
      masterKey: key,
      enforceSSL: true,
    });
    // A topic with its own policy no longer accepts alarms of the account by default.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    for (const email of emails) this.topic.addSubscription(new EmailSubscription(email));
  }

  /** Permissions to publish. */
  permissions(): readonly Permission[] {
    return [
      { actions: ['sns:Publish'], resources: [this.topic.topicArn] },
      this.#key.use('sns', 'kms:GenerateDataKey', 'kms:Decrypt'),
    ];
  }
}
