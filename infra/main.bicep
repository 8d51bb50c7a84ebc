// Everything of one Tabletalk environment but the bridge container, which `azd deploy` brings with its image
// (bridge.bicep). One resource group, gone without a trace after `azd down --purge`.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('Name of the azd environment: every resource is tagged and named after it.')
param environmentName string

@minLength(1)
@description('Region of everything but Voice Live. It must offer Functions Flex Consumption and Container Apps.')
@metadata({ azd: { type: 'location' } })
param location string

@minLength(1)
@maxLength(5)
@allowed([
  'australiaeast'
  'canadacentral'
  'centralindia'
  'centralus'
  'eastus'
  'eastus2'
  'francecentral'
  'southeastasia'
  'swedencentral'
  'uksouth'
  'westeurope'
  'westus2'
])
@description('Regions of Voice Live, in the order in which they are tried. A second account in one region brings no more quota, another region does. HD voices: centralindia, eastus, eastus2, southeastasia, swedencentral, westeurope, westus2.')
param voiceLiveRegions array = ['swedencentral']

@allowed([
  'Africa'
  'Asia Pacific'
  'Australia'
  'Brazil'
  'Canada'
  'Europe'
  'France'
  'Germany'
  'India'
  'Japan'
  'Korea'
  'Norway'
  'Switzerland'
  'UAE'
  'UK'
  'United States'
])
@description('Where Communication Services keeps data at rest. It decides which phone numbers can be had and cannot be changed later.')
param communicationDataLocation string = 'Europe'

@minValue(0)
@maxValue(20)
@description('Instances kept warm for the function that answers the phone. 0 costs nothing while nobody calls, but the first caller waits for a cold start and may hang up: a call rings 30 seconds.')
param answeringInstances int = 1

@minValue(0)
@maxValue(20)
@description('Instances kept warm for callbacks, the page and the operator API. 0 costs nothing while idle.')
param httpInstances int = 0

@allowed([512, 2048, 4096])
@description('Memory of a Functions instance in MB. Half a gigabyte holds the control plane well.')
param functionsMemory int = 512

@minValue(40)
@maxValue(1000)
@description('Most Functions instances. Each takes httpConcurrency requests at once.')
param functionsMaximumInstances int = 40

@minValue(1)
@maxValue(1000)
@description('HTTP requests that one Functions instance takes at once. Python defaults to 1, which would start an instance for every simultaneous callback; ours are async and wait for I/O.')
param httpConcurrency int = 32

@minValue(30)
@maxValue(730)
@description('Days that logs and metrics are kept. The first 30 are free of charge.')
param logRetentionDays int = 30

@minValue(-1)
@description('Gigabytes of logs a day after which the rest of the day is dropped; -1: no cap.')
param dailyLogCap int = 2

@minValue(1)
@maxValue(3650)
@description('Days that a call is kept, with every word of it.')
param callRetentionDays int = 30

@minValue(1)
@maxValue(3650)
@description('Days, from a caller\'s last call, that what they let us remember is kept.')
param callerRetentionDays int = 365

@minValue(1)
@maxValue(3650)
@description('Days, from the meal, that a booking is kept.')
param bookingRetentionDays int = 30

@minValue(1)
@maxValue(3650)
@description('Days, from when it was due, that an order is kept.')
param orderRetentionDays int = 30

@minValue(1)
@maxValue(3650)
@description('Days that an event which no topic took is kept.')
param deadLetterRetentionDays int = 30

@minValue(1)
@maxValue(3650)
@description('Days that the sound of a recorded call is kept; its call\'s days at most.')
param recordingRetentionDays int = 14

@description('Client id of the Entra application by which operators sign in to the page, with the app roles Tabletalk.Operator and Tabletalk.Viewer and ID tokens allowed. Empty: nobody may use the operator API.')
param signInClientId string = ''

@allowed(['reject', 'redirect', 'queue', 'answer'])
@description('What becomes of a call that no replica of the bridge can hold: the caller hears that the line is busy, it rings elsewhere, it waits in line, or it is answered all the same.')
param whenFull string = 'reject'

@minValue(1)
@maxValue(20)
@description('Callers who may wait in line.')
param queueLength int = 5

@minValue(10)
@maxValue(1800)
@description('Seconds that somebody waits in line, from the ring on.')
param queueSeconds int = 180

@allowed(['goodbye', 'person'])
@description('What comes after that: a goodbye, or a person of [transfer] in agent.toml.')
param queueThen string = 'goodbye'

@allowed(['reject', 'redirect'])
@description('What becomes of a call that rings while Table Storage is away: the caller hears that the line is busy, or it rings elsewhere.')
param whenStoreDown string = 'reject'

@description('Where such a call rings: a phone number such as +15550100, or a raw id that begins with 8:acs: or 8:orgid:.')
param redirectTo string = ''

@minValue(0)
@maxValue(100)
@description('Share of the calls that are traced, in percent. Numbers are of all calls.')
param tracePercent int = 100

@description('Another OTLP receiver over HTTP for traces and numbers; empty: Application Insights alone.')
param otlpEndpoint string = ''

@description('Where alerts go by e-mail. Empty: they are only shown in the portal.')
param alertEmail string = ''

@description('Puts storage, vault, topic and Voice Live behind private endpoints. ACS and Event Grid still reach the two apps over the internet, as they must.')
param privateNetworking bool = false

@description('Spreads apps and storage over availability zones, where the region has them.')
param zoneRedundant bool = false

@description('Forbids purging the vault for 90 days after its deletion. With it, `azd down --purge` leaves the vault behind.')
param protectVault bool = false

var token = toLower(uniqueString(subscription().id, environmentName, location))
var tags = { 'azd-env-name': environmentName, application: 'tabletalk' }
var usesNetwork = privateNetworking || zoneRedundant
var functionsName = 'func-${token}'
var bridgeName = 'ca-bridge-${token}'

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    retentionDays: logRetentionDays
    dailyCap: dailyLogCap
  }
}

module identities 'modules/identities.bicep' = {
  name: 'identities'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
  }
}

module network 'modules/network.bicep' = if (usesNetwork) {
  name: 'network'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    workspaceId: monitoring.outputs.workspaceId
    zoneRedundant: zoneRedundant
    isPrivate: privateNetworking
  }
}

module communication 'modules/communication.bicep' = {
  name: 'communication'
  scope: group
  params: {
    tags: tags
    token: token
    dataLocation: communicationDataLocation
    workspaceId: monitoring.outputs.workspaceId
  }
}

module events 'modules/events.bicep' = {
  name: 'events'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    workspaceId: monitoring.outputs.workspaceId
    isPrivate: privateNetworking
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    workspaceId: monitoring.outputs.workspaceId
    isPrivate: privateNetworking
    purgeProtection: protectVault
  }
}

var voiceNames = [for region in voiceLiveRegions: 'ais-${region}-${token}']

module voice 'modules/voice.bicep' = [
  for (region, index) in voiceLiveRegions: {
    name: 'voice-${region}'
    scope: group
    params: {
      location: region
      tags: tags
      name: voiceNames[index]
      workspaceId: monitoring.outputs.workspaceId
      isPrivate: privateNetworking
    }
  }
]

module hosting 'modules/hosting.bicep' = {
  name: 'hosting'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    workspaceId: monitoring.outputs.workspaceId
    subnetId: network.?outputs.bridgeSubnetId ?? ''
    zoneRedundant: zoneRedundant
  }
}

// Before the apps: they use their roles from the first second.
module access 'modules/access.bicep' = {
  name: 'access'
  scope: group
  params: {
    controlPrincipalId: identities.outputs.controlPrincipalId
    bridgePrincipalId: identities.outputs.bridgePrincipalId
    storageName: storage.outputs.name
    communicationName: communication.outputs.name
    topicName: events.outputs.name
    vaultName: vault.outputs.name
    registryName: hosting.outputs.registryName
    insightsName: monitoring.outputs.insightsName
    voiceNames: [for (region, index) in voiceLiveRegions: voice[index].outputs.name]
  }
}

module functions 'modules/functions.bicep' = {
  name: 'functions'
  scope: group
  params: {
    name: functionsName
    location: location
    tags: tags
    token: token
    identityId: identities.outputs.controlId
    identityClientId: identities.outputs.controlClientId
    storageName: storage.outputs.name
    deploymentContainer: storage.outputs.deploymentContainer
    workspaceId: monitoring.outputs.workspaceId
    subnetId: network.?outputs.functionsSubnetId ?? ''
    zoneRedundant: zoneRedundant
    answeringInstances: answeringInstances
    httpInstances: httpInstances
    memory: functionsMemory
    maximumInstances: functionsMaximumInstances
    httpConcurrency: httpConcurrency
    signInClientId: signInClientId
    settings: {
      TABLES_ENDPOINT: storage.outputs.tablesEndpoint
      ACS_ENDPOINT: communication.outputs.endpoint
      ACS_RESOURCE_ID: communication.outputs.immutableId
      // The host name is known before the app is: CALLBACK_BASE_URL is set where the app is made.
      MEDIA_BASE_URL: 'wss://${bridgeName}.${hosting.outputs.defaultDomain}'
      EVENTS_TOPIC_ENDPOINT: events.outputs.endpoint
      APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.insightsConnection
      OTEL_EXPORTER_OTLP_ENDPOINT: otlpEndpoint
      TRACE_PERCENT: string(tracePercent)
      ADMISSION_WHEN_FULL: whenFull
      ADMISSION_WHEN_STORE_DOWN: whenStoreDown
      ADMISSION_REDIRECT_TO: redirectTo
      ADMISSION_QUEUE_LENGTH: string(queueLength)
      ADMISSION_QUEUE_SECONDS: string(queueSeconds)
      ADMISSION_QUEUE_THEN: queueThen
      RETENTION_CALL_DAYS: string(callRetentionDays)
      RETENTION_CALLER_DAYS: string(callerRetentionDays)
      RETENTION_BOOKING_DAYS: string(bookingRetentionDays)
      RETENTION_ORDER_DAYS: string(orderRetentionDays)
      RETENTION_DEAD_LETTER_DAYS: string(deadLetterRetentionDays)
      RETENTION_RECORDING_DAYS: string(recordingRetentionDays)
    }
  }
  dependsOn: [access]
}

module endpoints 'modules/private-endpoints.bicep' = if (privateNetworking) {
  name: 'private-endpoints'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    subnetId: network.?outputs.endpointsSubnetId ?? ''
    networkId: network.?outputs.id ?? ''
    storageId: storage.outputs.id
    vaultId: vault.outputs.id
    topicId: events.outputs.id
    voiceIds: [for (region, index) in voiceLiveRegions: voice[index].outputs.id]
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: tags
    token: token
    workspaceId: monitoring.outputs.workspaceId
    systemTopicId: communication.outputs.systemTopicId
    functionsId: functions.outputs.id
    storageId: storage.outputs.id
    voiceIds: [for (region, index) in voiceLiveRegions: voice[index].outputs.id]
    email: alertEmail
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    location: location
    tags: tags
    workspaceId: monitoring.outputs.workspaceId
  }
}

// azd keeps these in its environment: for bridge.parameters.json, the hooks and `python -m doctor`.
@description('Region of the resource group.')
output AZURE_LOCATION string = location
@description('Resource group of the environment.')
output AZURE_RESOURCE_GROUP string = group.name
@description('Registry that azd pushes the image of the bridge to.')
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = hosting.outputs.registryServer
@description('Container Apps environment of the bridge.')
output TABLETALK_HOSTING_ID string = hosting.outputs.environmentId
@description('Name of the container app, which decides its host name.')
output TABLETALK_BRIDGE_NAME string = bridgeName
@description('Identity of the bridge.')
output TABLETALK_BRIDGE_IDENTITY_ID string = identities.outputs.bridgeId
@description('Its client id, by which the Azure SDK finds it.')
output TABLETALK_BRIDGE_CLIENT_ID string = identities.outputs.bridgeClientId
@description('Table Storage.')
output TABLETALK_TABLES_ENDPOINT string = storage.outputs.tablesEndpoint
@description('Storage account of events that were never delivered.')
output TABLETALK_DEAD_LETTERS_ID string = storage.outputs.deadLettersId
@description('Container in it.')
output TABLETALK_DEAD_LETTERS_CONTAINER string = storage.outputs.deadLettersContainer
@description('Communication Services: address.')
output TABLETALK_ACS_ENDPOINT string = communication.outputs.endpoint
@description('Communication Services: audience of its tokens.')
output TABLETALK_ACS_RESOURCE_ID string = communication.outputs.immutableId
@description('System topic that announces calls.')
output TABLETALK_SYSTEM_TOPIC_ID string = communication.outputs.systemTopicId
@description('Functions app.')
output TABLETALK_FUNCTIONS_ID string = functions.outputs.id
@description('Where the Functions app is reached.')
output TABLETALK_CALLBACK_BASE_URL string = functions.outputs.url
@description('Where ACS reaches the bridge.')
output TABLETALK_MEDIA_BASE_URL string = 'wss://${bridgeName}.${hosting.outputs.defaultDomain}'
@description('Voice Live, in the order in which regions are tried, with commas between them.')
output TABLETALK_VOICE_LIVE_ENDPOINTS string = join(map(voiceNames, name => 'https://${name}.services.ai.azure.com'), ',')
@description('Key Vault.')
output TABLETALK_VAULT_ID string = vault.outputs.id
@description('Its address.')
output TABLETALK_VAULT_URI string = vault.outputs.uri
@description('Application Insights: the address telemetry goes to. It identifies and proves nothing; senders need a role.')
output TABLETALK_INSIGHTS_CONNECTION string = monitoring.outputs.insightsConnection
@description('Other OTLP receiver.')
output TABLETALK_OTLP_ENDPOINT string = otlpEndpoint
@description('Share of the calls that are traced.')
output TABLETALK_TRACE_PERCENT string = string(tracePercent)
@description('Who hears of alerts.')
output TABLETALK_ACTION_GROUP_ID string = alerts.outputs.actionGroupId
