// What somebody should hear of. docs/infra.md says what to do about each.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string
@description('Log Analytics workspace.')
param workspaceId string
@description('Topic that announces calls.')
param systemTopicId string
@description('Functions app.')
param functionsId string
@description('Storage account.')
param storageId string
@description('Voice Live accounts.')
param voiceIds array
@description('Who gets e-mail; empty: nobody.')
param email string

// The bridge writes one JSON object a line; `event` names what happened.
var bridgeLines = 'ContainerAppConsoleLogs | extend line = parse_json(Log) | extend event = tostring(line.event)'

var queries = [
  {
    name: 'calls-fail'
    description: 'Calls end because something broke.'
    severity: 1
    query: '${bridgeLines} | where event in ("call failed", "call cannot be set up")'
    threshold: 2
    window: 'PT15M'
  }
  {
    name: 'no-place-for-callers'
    description: 'The bridge turned media sockets away because it was full, draining or without its store.'
    severity: 1
    query: '${bridgeLines} | where event == "media socket refused" and toint(line.status) == 503'
    threshold: 0
    window: 'PT5M'
  }
  {
    name: 'strangers-knock'
    description: 'Somebody opens media sockets without the proof of a call.'
    severity: 2
    query: '${bridgeLines} | where event == "media socket refused" and toint(line.status) in (401, 403, 429)'
    threshold: 20
    window: 'PT15M'
  }
  {
    name: 'voice-live-does-not-connect'
    description: 'Sessions of Voice Live cannot be opened at once. Quota, region, role or network.'
    severity: 1
    query: '${bridgeLines} | where event == "Voice Live did not connect, trying again"'
    threshold: 5
    window: 'PT5M'
  }
  {
    name: 'records-lost'
    description: 'What happened in a call could not be written down.'
    severity: 2
    query: '${bridgeLines} | where event startswith "record given up" or event startswith "records given up"'
    threshold: 0
    window: 'PT15M'
  }
  {
    name: 'events-overdue'
    description: 'Bookings or orders wait for the topic longer than EVENTS_ALARM_SECONDS.'
    severity: 1
    query: 'AppTraces | where SeverityLevel >= 3 and Message startswith "events overdue"'
    threshold: 0
    window: 'PT5M'
  }
  {
    name: 'event-is-dead-letter'
    description: 'The topic refused the event of a booking or order for good.'
    severity: 1
    query: 'AppTraces | where Message has "is a dead letter"'
    threshold: 0
    window: 'PT15M'
  }
  {
    name: 'replicas-stand-still'
    description: 'Container Apps is not told how many calls there are, so it adds no replica of the bridge for them.'
    severity: 2
    query: 'ContainerAppSystemLogs | where Reason == "KEDAScalerFailed"'
    threshold: 10
    window: 'PT15M'
  }
  {
    name: 'functions-throw'
    description: 'Triggers of the control plane fail.'
    severity: 2
    query: 'AppExceptions'
    threshold: 5
    window: 'PT15M'
  }
]

var metrics = [
  {
    name: 'calls-not-delivered'
    description: 'IncomingCall events were given up: callers heard it ring out.'
    severity: 0
    scopes: [systemTopicId]
    namespace: 'Microsoft.EventGrid/systemTopics'
    metric: 'DeadLetteredCount'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'deliveries-fail'
    description: 'Deliveries of IncomingCall fail and are tried again.'
    severity: 2
    scopes: [systemTopicId]
    namespace: 'Microsoft.EventGrid/systemTopics'
    metric: 'DeliveryAttemptFailCount'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 3
  }
  {
    name: 'functions-answer-5xx'
    description: 'Callbacks of ACS, the page or the operator API get errors.'
    severity: 1
    scopes: [functionsId]
    namespace: 'Microsoft.Web/sites'
    metric: 'Http5xx'
    aggregation: 'Total'
    operator: 'GreaterThan'
    threshold: 3
  }
  {
    name: 'store-is-down'
    description: 'Table Storage is not available: new calls cannot be taken.'
    severity: 0
    scopes: [storageId]
    namespace: 'Microsoft.Storage/storageAccounts'
    metric: 'Availability'
    aggregation: 'Average'
    operator: 'LessThan'
    threshold: 99
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${token}'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'tabletalk'
    emailReceivers: empty(email) ? [] : [{ name: 'operators', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource queryAlert 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alert in queries: {
    name: '${alert.name}-${token}'
    location: location
    tags: tags
    properties: {
      displayName: alert.name
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: alert.window
      // Tables appear in the workspace with their first line.
      skipQueryValidation: true
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: alert.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: alert.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

resource metricAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for alert in metrics: {
    name: '${alert.name}-${token}'
    location: 'global'
    tags: tags
    properties: {
      description: alert.description
      severity: alert.severity
      enabled: true
      scopes: alert.scopes
      evaluationFrequency: 'PT1M'
      windowSize: 'PT5M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: alert.name
            metricNamespace: alert.namespace
            metricName: alert.metric
            operator: alert.operator
            threshold: alert.threshold
            timeAggregation: alert.aggregation
          }
        ]
      }
      actions: [{ actionGroupId: people.id }]
    }
  }
]

// One a region: a metric alert over several resources wants them in one region.
resource quotaAlert 'Microsoft.Insights/metricAlerts@2018-03-01' = [
  for (voiceId, index) in voiceIds: {
    name: 'voice-live-quota-${index}-${token}'
    location: 'global'
    tags: tags
    properties: {
      description: 'Voice Live turns requests away: 30 new sessions a minute, or the tokens a minute, are used up. Ask for more quota or add a region.'
      severity: 1
      enabled: true
      scopes: [voiceId]
      evaluationFrequency: 'PT1M'
      windowSize: 'PT5M'
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'blocked'
            metricNamespace: 'Microsoft.CognitiveServices/accounts'
            metricName: 'BlockedCalls'
            operator: 'GreaterThan'
            threshold: 0
            timeAggregation: 'Total'
          }
        ]
      }
      actions: [{ actionGroupId: people.id }]
    }
  }
]

@description('Who hears of alerts.')
output actionGroupId string = people.id
