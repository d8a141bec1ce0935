package prometheus

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/bare-go/bare/topic"
)

// NewTopicCollector returns the metrics of a topic, as [topic.Topic.Stats] has them when
// Prometheus asks. They have the label topic, with the name. Register one for each topic,
// under another name:
//
//   - bare_topic_subscribers, a gauge by transport.
//   - bare_topic_joined_total, how many streams there ever were.
//   - bare_topic_published_total, events that this topic has published.
//   - bare_topic_ended_total, a counter by reason: see [topic.Reason].
//   - bare_topic_lag_bytes, how far the slowest subscriber is behind.
//   - bare_topic_lost, how many subscribers must read from the log, or have a gap.
func NewTopicCollector(name string, t *topic.Topic) prometheus.Collector {
	describe := func(metric, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName(namespace, "topic", metric), help, labels, prometheus.Labels{"topic": name})
	}
	return &topicCollector{
		topic:       t,
		subscribers: describe("subscribers", "Streams that are open.", "transport"),
		joined:      describe("joined_total", "Streams that there ever were."),
		published:   describe("published_total", "Events that were published."),
		ended:       describe("ended_total", "Streams that have ended.", "reason"),
		lag:         describe("lag_bytes", "How far the slowest subscriber is behind."),
		lost:        describe("lost", "Subscribers that must read from the log, or have a gap."),
	}
}

// A topicCollector asks a topic for its figures.
type topicCollector struct {
	topic                                            *topic.Topic
	subscribers, joined, published, ended, lag, lost *prometheus.Desc
}

func (c *topicCollector) Describe(descriptions chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{c.subscribers, c.joined, c.published, c.ended, c.lag, c.lost} {
		descriptions <- desc
	}
}

func (c *topicCollector) Collect(metrics chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	counter := func(desc *prometheus.Desc, value uint64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
	}
	stats := c.topic.Stats()
	for transport, open := range stats.Transports {
		gauge(c.subscribers, float64(open), transport)
	}
	counter(c.joined, stats.Joined)
	counter(c.published, stats.Published)
	for reason, count := range stats.Ends {
		counter(c.ended, count, reason.String())
	}
	gauge(c.lag, float64(stats.MaxLag))
	gauge(c.lost, float64(stats.Lost))
}
