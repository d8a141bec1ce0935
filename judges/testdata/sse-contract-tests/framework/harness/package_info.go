// Package harness contains basic reusable test harness components, without any domain-specific logic.
package harness
