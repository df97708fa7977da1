import type { TextRule } from '../../lambdas/core/engine/rules.ts';

/**
 * What the cheap gate knows by its wording alone; everything else is left to the classifier. Precision before reach: a
 * phrase stands here only if nobody would write it about a problem of their own, so bare words such as "unsubscribe" or
 * "out of office" do not, since people have trouble with lists and with automatic replies. The first rule that matches
 * answers, so a report that quotes a fraud comes before the rules against the fraud itself.
 */
export const eligibilityRules: readonly TextRule[] = [
  {
    id: 'SUSPICIOUS_MAIL_REPORT',
    label: 'eligible',
    anyOf: [
      'phishing',
      'suspicious email',
      'suspicious e-mail',
      'suspicious mail',
      'suspicious message',
      'is this spam',
      'report spam',
      'reporting spam',
      'spam filter',
      'block the sender',
      'block this sender',
    ],
  },
  {
    id: 'NEWSLETTER_OR_AD',
    label: 'not-eligible',
    anyOf: [
      'limited time offer',
      'limited-time offer',
      'click here to unsubscribe',
      'unsubscribe from this newsletter',
      'view this email in your browser',
      'view this in your browser',
      'you are receiving this email because you subscribed',
      'you are receiving this newsletter because',
      'book a free demo',
      'schedule a free demo',
      'no credit check',
    ],
  },
  {
    id: 'OUT_OF_OFFICE_REPLY',
    label: 'not-eligible',
    anyOf: [
      'thank you for your message i am out of the office',
      'thank you for your email i am out of the office',
      'thank you for your message i am currently out of the office',
      'thank you for your email i am currently out of the office',
      'will reply to your message when i return',
      'will answer your email after my return',
      'your message will not be forwarded',
    ],
  },
  {
    id: 'PRIZE_OR_INHERITANCE',
    label: 'not-eligible',
    anyOf: [
      'you have inherited',
      'claim your prize',
      'confirm your prize',
      'you have been selected as a winner',
      'your number was drawn',
      'next of kin to the deceased',
    ],
  },
];
