module github.com/launchdarkly/sse-contract-tests

go 1.16

require (
	github.com/alessio/shellescape v1.4.1
	github.com/fatih/color v1.13.0
	github.com/launchdarkly/go-test-helpers/v2 v2.2.0
	github.com/stretchr/testify v1.6.1
	gopkg.in/launchdarkly/go-sdk-common.v2 v2.4.0
)
