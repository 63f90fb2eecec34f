/**
 * The part of the EC2 client that the relay uses, for a late import. An import of the package itself would bundle its
 * hundreds of calls.
 */
export { EC2Client, paginateDescribeInstances } from '@aws-sdk/client-ec2';
