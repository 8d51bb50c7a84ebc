// Communication Services, and the topic on which it announces calls. The subscription to it is made by the
// postdeploy hook: Event Grid checks that the function exists, so the code has to be there first.

@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string
@description('Where data is kept at rest.')
param dataLocation string
@description('Log Analytics workspace.')
param workspaceId string

resource communication 'Microsoft.Communication/communicationServices@2025-05-01' = {
  name: 'acs-${token}'
  location: 'global'
  tags: tags
  properties: {
    dataLocation: dataLocation
    disableLocalAuth: true
  }
}

resource systemTopic 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: 'evgt-calls-${token}'
  location: 'global'
  tags: tags
  properties: {
    source: communication.id
    topicType: 'Microsoft.Communication.CommunicationServices'
  }
}

resource communicationLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: communication
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

resource topicLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: systemTopic
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'allLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('The resource.')
output name string = communication.name
@description('Address, as the Call Automation client takes it.')
output endpoint string = 'https://${communication.properties.hostName}'
@description('Audience of the tokens that ACS sends to us.')
output immutableId string = communication.properties.immutableResourceId
@description('Topic that announces calls.')
output systemTopicId string = systemTopic.id
