/** Grants that no call of the relay uses, with their users. Any other unused grant has to be removed. */
const USED_BY_LAMBDA_ITSELF: Readonly<Record<string, string>> = {
  'logs:CreateLogStream': 'Lambda writes what the function prints to its log group, with the role of the function.',
  'logs:PutLogEvents': 'As above.',
  'xray:PutTraceSegments': 'The X-Ray daemon of Lambda sends the segments of a traced function with its role.',
  'xray:PutTelemetryRecords': 'As above.',
};

/** The grants of a function that only Lambda itself uses. */
export const usedByLambdaItself = (functionName: string): string[] =>
  Object.keys(USED_BY_LAMBDA_ITSELF).map((action) => `${functionName}: ${action}`);
