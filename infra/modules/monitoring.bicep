// Where logs, metrics and traces go.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Makes names unique.')
param token string
@description('Days that data is kept.')
param retentionDays int
@description('Gigabytes a day, -1 for no cap.')
param dailyCap int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    workspaceCapping: { dailyQuotaGb: dailyCap }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    // Only identities with Monitoring Metrics Publisher send telemetry; the connection string alone does not.
    DisableLocalAuth: true
  }
}

@description('Log Analytics workspace.')
output workspaceId string = workspace.id
@description('Application Insights.')
output insightsName string = insights.name
@description('Address of Application Insights; no secret, since local authentication is off.')
output insightsConnection string = insights.properties.ConnectionString
