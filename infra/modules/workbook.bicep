// The picture an operator opens first.

@description('Region.')
param location string
@description('Tags of every resource.')
param tags object
@description('Log Analytics workspace.')
param workspaceId string

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'tabletalk')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Tabletalk'
    category: 'workbook'
    version: 'Notebook/1.0'
    sourceId: workspaceId
    serializedData: loadTextContent('workbook.json')
  }
}
