package config

import (
	"time"

	"spinscope/backend/market"
)

// Config holds every section of the configuration file. Field comments give unit and range; docs/configuration.md has
// the same for users.
type Config struct {
	Server    Server    `toml:"server"`
	CORS      CORS      `toml:"cors"`
	Logging   Logging   `toml:"logging"`
	Solana    Solana    `toml:"solana"`
	Store     Store     `toml:"store"`
	Kline     Kline     `toml:"kline"`
	Websocket Websocket `toml:"websocket"`
	Metadata  Metadata  `toml:"metadata"`
	Alerts    Alerts    `toml:"alerts"`
	Programs  Programs  `toml:"programs"`
	Watch     Watch     `toml:"watch"`
	Bus       Bus       `toml:"bus"`
	Updates   Updates   `toml:"updates"`
	Window    Window    `toml:"window"`
}

// Server is where and to whom the program serves.
type Server struct {
	Listen       string   `toml:"listen"`        // HOST:PORT; port 0 takes any free one
	Token        string   `toml:"token"`         // secret; needed unless listen is loopback
	AllowedHosts []string `toml:"allowed_hosts"` // further Host names beside the loopback ones
}

// CORS says which foreign pages may read answers.
type CORS struct {
	Enabled      bool     `toml:"enabled"`
	AllowOrigins []string `toml:"allow_origins"` // origins; "*" needs a token, "null" is refused
}

// Logging is the program's own log on standard error.
type Logging struct {
	Level  string `toml:"level"`  // debug, info, warn or error
	Format string `toml:"format"` // text or json
}

// Endpoint is a pair of addresses of one cluster node. They may hold API keys and are never logged whole.
type Endpoint struct {
	RPCURL string `toml:"rpc_url"`
	WSURL  string `toml:"ws_url"`
}

// Solana is the cluster to read and how.
type Solana struct {
	Cluster                   string     `toml:"cluster"` // demo, localnet, devnet, mainnet or custom
	RPCURL                    string     `toml:"rpc_url"`
	WSURL                     string     `toml:"ws_url"`
	KeptRPCURL                string     `toml:"kept_rpc_url"` // rpc_url of before the settings left custom; not used
	KeptWSURL                 string     `toml:"kept_ws_url"`
	Fallback                  []Endpoint `toml:"fallback"`
	ProgramID                 string     `toml:"program_id"`
	Commitment                string     `toml:"commitment"` // processed, confirmed or finalized
	EnableEventListener       bool       `toml:"enable_event_listener"`
	ProcessFailedTransactions bool       `toml:"process_failed_transactions"`
	ReconnectInterval         int        `toml:"reconnect_interval"`      // s, 1..60
	PingIntervalSeconds       int        `toml:"ping_interval_seconds"`   // s, 1..300
	MaxRequestsPerSecond      float64    `toml:"max_requests_per_second"` // 0: as fast as the endpoint allows
	BackfillLimit             int        `toml:"backfill_limit"`          // signatures, 0..10,000,000
	PriceDecimals             any        `toml:"price_decimals"`          // "auto", 23, 26 or 28
	TokenDecimals             int        `toml:"token_decimals"`          // 6
}

// Store is the embedded database.
type Store struct {
	RetentionDays int  `toml:"retention_days"` // 0 keeps everything
	SyncWrites    bool `toml:"sync_writes"`
}

// Kline is which candles are kept and how many are sent.
type Kline struct {
	Intervals           []string `toml:"intervals"`
	HistoryLimitDefault int      `toml:"history_limit_default"`
	HistoryLimitMax     int      `toml:"history_limit_max"`
}

// Websocket is the Socket.IO server.
type Websocket struct {
	Enabled                           bool  `toml:"enabled"`
	MaxConnections                    int   `toml:"max_connections"`
	MaxSubscriptionsPerClient         int   `toml:"max_subscriptions_per_client"`
	HeartbeatInterval                 int   `toml:"heartbeat_interval"` // s
	HeartbeatTimeout                  int   `toml:"heartbeat_timeout"`  // s
	MaxPayload                        int64 `toml:"max_payload"`        // bytes
	MessageBatchSize                  int   `toml:"message_batch_size"`
	MessageBatchTimeoutMS             int   `toml:"message_batch_timeout_ms"`
	MaxQueuedMessages                 int   `toml:"max_queued_messages"`
	MaxQueuedBytes                    int   `toml:"max_queued_bytes"`
	MaxRequestsPerSecondPerConnection int   `toml:"max_requests_per_second_per_connection"`
	CORS                              *CORS `toml:"cors"` // alias of [cors], as in the original design
}

// Metadata is how token pictures and descriptions are fetched.
type Metadata struct {
	Enabled               bool   `toml:"enabled"`
	IPFSGateway           string `toml:"ipfs_gateway"`
	RequestTimeoutSeconds int    `toml:"request_timeout_seconds"`
	MaxRetries            int    `toml:"max_retries"`
}

// Alerts is what happens to alerts beside showing them. The rules themselves are in DATA_DIR/alerts.json.
type Alerts struct {
	Webhook string `toml:"webhook"` // secret; an http or https address that each alert is posted to, "" for none
}

// Programs says how much is followed of programs that are too busy to be read whole.
type Programs struct {
	Pump     string `toml:"pump"`     // watched: the coins that somebody follows; all: all of them, live only; off: nothing is read
	PumpSwap string `toml:"pumpswap"` // the same
}

// What a program of Programs says.
const (
	FollowWatched = "watched" // coins that somebody watches are read
	FollowAll     = "all"     // all coins are kept, live only
	FollowOff     = "off"     // nothing is read
)

// Whole names the programs of which all coins are kept.
func (p *Programs) Whole() []string { return p.that(FollowAll) }

// Off names the programs of which nothing is read.
func (p *Programs) Off() []string { return p.that(FollowOff) }

// that names the programs that say so.
func (p *Programs) that(say string) (names []string) {
	if p.Pump == say {
		names = append(names, "pump")
	}
	if p.PumpSwap == say {
		names = append(names, "pumpswap")
	}
	return names
}

// Watch says which coins of programs that are too busy to be read whole are followed, each by its own addresses.
type Watch struct {
	Mints    []string `toml:"mints"`     // at most MaxWatched
	OnDemand int      `toml:"on_demand"` // coins that are followed beside them for clients that subscribe; 0 for none
}

// MaxOnDemand is the largest watch.on_demand.
const MaxOnDemand = 1000

// MaxWatched is how many coins are followed at most.
const MaxWatched = 2000

// Updates is whom to ask for a word about a newer version. Nothing is downloaded.
type Updates struct {
	URL       string `toml:"url"`        // https address of a release description; "" asks nobody
	PublicKey string `toml:"public_key"` // minisign's, that the description must be signed with
}

// releaseKey is the public key that whoever built the program signs releases with; set by the linker, "" without one.
var releaseKey = ""

// Window is the desktop app's own.
type Window struct {
	GPU string `toml:"gpu"` // whether the page is drawn with the graphics card: never, on_demand or always; Linux only
}

// DefaultProgramID is the deployed SpinPet program.
const DefaultProgramID = "JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ"

// Default is the configuration of a first start: the demo market on loopback.
func Default() Config {
	return Config{
		Server:  Server{Listen: "127.0.0.1:5051"},
		CORS:    CORS{Enabled: true},
		Logging: Logging{Level: "info", Format: "text"},
		Solana: Solana{
			Cluster: "demo", ProgramID: DefaultProgramID, Commitment: "confirmed", EnableEventListener: true,
			ReconnectInterval: 1, PingIntervalSeconds: 15, BackfillLimit: 10_000, PriceDecimals: "auto", TokenDecimals: 6,
		},
		Kline: Kline{
			Intervals:           market.IntervalNames(market.AllIntervals()),
			HistoryLimitDefault: 100, HistoryLimitMax: 5000,
		},
		Websocket: Websocket{
			Enabled: true, MaxConnections: 10_000, MaxSubscriptionsPerClient: 50, HeartbeatInterval: 30, HeartbeatTimeout: 60,
			MaxPayload: 1 << 20, MessageBatchSize: 100, MessageBatchTimeoutMS: 50, MaxQueuedMessages: 2048,
			MaxQueuedBytes: 2 << 20, MaxRequestsPerSecondPerConnection: 100,
		},
		Metadata: Metadata{Enabled: true, IPFSGateway: "https://ipfs.io/ipfs/", RequestTimeoutSeconds: 30, MaxRetries: 3},
		Programs: Programs{Pump: FollowWatched, PumpSwap: FollowWatched},
		Watch:    Watch{OnDemand: 20},
		Bus:      Bus{Name: "spinscope", Replicas: 3, Listen: "127.0.0.1:4222"},
		Updates:  Updates{PublicKey: releaseKey},
		Window:   Window{GPU: "never"},
	}
}

// Seconds turns a whole number of seconds from the configuration into a duration.
func Seconds(n int) time.Duration { return time.Duration(n) * time.Second }
