package geo

// networkTag returns the short tag of a well-known network: clouds, hosting
// providers, content networks and the platforms whose crawlers and services call
// APIs. It returns nothing for others, access providers among them, whose
// organisation's name says enough. The numbers are the registries' (ARIN, RIPE NCC,
// APNIC) assignments to these companies.
func networkTag(asn uint32) string {
	switch asn {
	case 7224, 8987, 14618, 16509, 38895:
		return "AWS"
	case 15169, 19527, 36040, 43515, 139070, 139190, 396982:
		return "Google"
	case 8068, 8069, 8075, 12076:
		return "Azure"
	case 31898:
		return "Oracle"
	case 36351:
		return "IBM"
	case 37963, 45102, 45103, 45104, 134963:
		return "Alibaba"
	case 45090, 132203, 132591:
		return "Tencent"
	case 55990, 136907:
		return "Huawei"
	case 200350:
		return "Yandex Cloud"

	case 13335, 14789, 132892, 202623, 203898, 209242, 394536, 395747:
		return "Cloudflare"
	case 12222, 16625, 16702, 18680, 18717, 20940, 21342, 21357, 22207, 23454, 23455,
		30675, 32787, 33905, 34164, 35994, 36183, 43639:
		return "Akamai"
	case 54113:
		return "Fastly"
	case 199524:
		return "Gcore"
	case 60068, 212238:
		return "DataCamp"
	case 19551:
		return "Imperva"

	case 24940, 212317, 213230, 215859:
		return "Hetzner"
	case 16276, 35540:
		return "OVH"
	case 14061, 46652, 62567, 133165, 135340, 200130, 201229, 202018, 202109, 205301, 393406, 394362:
		return "DigitalOcean"
	case 48337, 63949:
		return "Linode"
	case 20473:
		return "Vultr"
	case 12876:
		return "Scaleway"
	case 40021, 51167, 141995:
		return "Contabo"
	case 7203, 16265, 19148, 27411, 28753, 30633, 59253, 60781, 133752, 134351, 136988,
		205544, 393886, 394380, 395954, 396190, 396362:
		return "Leaseweb"
	case 9009:
		return "M247"
	case 10532, 12200, 15395, 19994, 22720, 27357, 33070, 45187, 58683:
		return "Rackspace"
	case 8560, 51862:
		return "IONOS"
	case 47583:
		return "Hostinger"
	case 197540:
		return "netcup"
	case 25697, 202053:
		return "UpCloud"
	case 49505, 50340:
		return "Selectel"
	case 20773, 21499, 21501, 26496, 60253, 398101:
		return "GoDaddy"
	case 31034, 199653, 199883:
		return "Aruba"
	case 29222:
		return "Infomaniak"
	case 36007, 64022, 210329:
		return "Kamatera"
	case 8100:
		return "QuadraNet"
	case 36352:
		return "ColoCrossing"
	case 44477:
		return "Stark"
	case 54825:
		return "Equinix Metal"
	case 40509:
		return "Fly.io"

	case 714, 6185:
		return "Apple"
	case 32934, 63293:
		return "Meta"
	case 138699, 396986:
		return "ByteDance"
	case 13238:
		return "Yandex"
	case 38365, 55967:
		return "Baidu"
	case 36459:
		return "GitHub"
	case 14340:
		return "Salesforce"
	case 22616, 53444, 53813, 62044:
		return "Zscaler"
	case 62371, 209103:
		return "Proton"
	case 14593:
		return "Starlink"
	default:
		return ""
	}
}
