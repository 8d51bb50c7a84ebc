// The control plane: a Functions app on Flex Consumption.

@description('Name of the app.')
param name string
@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string
@description('Identity that the app runs as.')
param identityId string
@description('Its client id.')
param identityClientId string
@description('Storage account of host and package.')
param storageName string
@description('Container of the package.')
param deploymentContainer string
@description('Log Analytics workspace.')
param workspaceId string
@description('Subnet for outgoing connections; empty: none.')
param subnetId string
@description('Instances in several zones.')
param zoneRedundant bool
@description('Warm instances of incoming_call.')
param answeringInstances int
@description('Warm instances of all HTTP functions.')
param httpInstances int
@description('MB of an instance.')
param memory int
@description('Most instances.')
param maximumInstances int
@description('HTTP requests an instance takes at once.')
param httpConcurrency int
@description('Entra application by which operators sign in; empty: none.')
param signInClientId string
@description('App settings that other resources give.')
param settings object

// Only Event Grid triggers scale by themselves: keeping the `http` group warm would not keep this one warm.
var warm = [
  { name: 'function:incoming_call', instanceCount: answeringInstances }
  { name: 'http', instanceCount: httpInstances }
]

resource storage 'Microsoft.Storage/storageAccounts@2025-01-01' existing = {
  name: storageName
}

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'control' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: { minTlsVersion: '1.2', ftpsState: 'Disabled' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${deploymentContainer}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: '3.13' }
      scaleAndConcurrency: {
        instanceMemoryMB: memory
        maximumInstanceCount: maximumInstances
        alwaysReady: filter(warm, group => group.instanceCount > 0)
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, {
    AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
    AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
    AzureWebJobsStorage__tableServiceUri: storage.properties.primaryEndpoints.table
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identityClientId
    AZURE_CLIENT_ID: identityClientId
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
    // Only where the platform signs people in may its headers be believed.
    OPERATOR_EASY_AUTH: empty(signInClientId) ? 'false' : 'true'
    CALLBACK_BASE_URL: 'https://${app.properties.defaultHostName}'
  })
}

// Callbacks of ACS and events come without signing in; the operator API refuses who has not.
resource signIn 'Microsoft.Web/sites/config@2024-11-01' = if (!empty(signInClientId)) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
    httpSettings: { requireHttps: true }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: signInClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: { allowedAudiences: [signInClientId, 'api://${signInClientId}'] }
      }
    }
    login: { preserveUrlFragmentsForLogins: true, tokenStore: { enabled: false } }
  }
}

// Packages come over azd's own endpoint with Entra tokens: no user name and password opens it.
resource noFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noBasic 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    // Its logs come through Application Insights.
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
}

@description('The app.')
output id string = app.id
@description('Where it is reached.')
output url string = 'https://${app.properties.defaultHostName}'
