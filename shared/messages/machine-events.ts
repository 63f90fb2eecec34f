/**
 * Events of EC2 instances that the relay receives. All other states change nothing: a stopped machine stays a subject,
 * and one that is shutting down has not ended yet. Source: EC2 user guide, "Amazon EC2 instance state changes".
 */
export const MACHINE_EVENTS = {
  source: 'aws.ec2',
  detailType: 'EC2 Instance State-change Notification',
  states: ['running', 'terminated'],
} as const;
