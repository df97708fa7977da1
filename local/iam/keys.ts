/*
 * Which condition keys this machine can speak for. A key that AWS would set, and that cannot be known here, must not pass for
 * absent: a condition on it decides against the caller.
 */

/** Global keys that are set here, or that AWS does not set either for the calls that are made here. */
const GLOBAL = new Set(
  (
    'principalarn principalaccount principaltype userid username requestedregion currenttime epochtime securetransport ' +
    'sourceip tokenissuetime viaawsservice principalisawsservice principalservicename principalservicenameslist ' +
    'multifactorauthpresent multifactorauthage federatedprovider calledvia calledviafirst calledvialast sourcevpc ' +
    'sourcevpce vpcsourceip sourcearn sourceaccount sourceidentity resourceaccount tagkeys referer ' +
    'ec2instancesourcevpc ec2instancesourceprivateipv4'
  ).split(' ')
);

const OF_SERVICE: Readonly<Record<string, ReadonlySet<string>>> = {
  dynamodb: new Set('leadingkeys attributes select returnvalues returnconsumedcapacity enclosingoperation'.split(' ')),
  kms: new Set(['viaservice', 'calleraccount', 'encryptioncontextkeys']),
  lambda: new Set(['sourcefunctionarn', 'eventsourcetoken', 'functionurlauthtype', 'invokedviafunctionurl']),
  secretsmanager: new Set(['secretid', 'versionid', 'versionstage', 'name']),
  states: new Set(['statemachinequalifier']),
  sts: new Set(['externalid', 'rolesessionname', 'transitivetagkeys', 'sourceidentity']),
};

const GLOBAL_WITH_NAME = /^aws:(principaltag|requesttag)\//;
const RESOURCE_TAG = /^(aws|iam):resourcetag\//;

/** Whether the absence of a key, in lower case, from a call of an action means that AWS would not set it. */
export const isKnownKey = (key: string, action: string): boolean => {
  const [prefix = '', name = ''] = key.split(':');
  if (RESOURCE_TAG.test(key)) return /^sts:/i.test(action); // of other resources than roles, tags are not known here
  if (prefix === 'aws') return GLOBAL.has(name) || GLOBAL_WITH_NAME.test(key);
  if (prefix === 'kms' && name === 'encryptioncontext') return true;
  // a key of one service is absent from calls of another, but for those that say where a call comes from
  const service = action.slice(0, action.indexOf(':')).toLowerCase();
  return prefix !== service || OF_SERVICE[prefix]?.has(name) === true;
};
